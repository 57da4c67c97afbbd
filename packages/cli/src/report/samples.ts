import { pngSize } from "../images/png";
import { formatCount } from "../output/formatNumber";
import { type Html, html, pngAddress } from "./html";
import { thin } from "./series";

/** A sample grid drawn during training. */
export interface ReportSample {
  readonly step: number;
  readonly caption: string;
  readonly png: Uint8Array;
}

/** A file with more would be slow to open; all of them lie in the run's `samples` folder anyway. */
const maxSamples = 40;

/** The final grid, large. */
export function finalPicture(png: Uint8Array, caption: string): Html {
  return html`<figure class="card final"><div class="frame">${picture(png, "Final samples", isWide(png) ? 1080 : 460)}</div><figcaption>${caption}</figcaption></figure>`;
}

/** Whether a picture is broad enough to want the whole width of the page. */
export function isWide(png: Uint8Array): boolean {
  const { width, height } = pngSize(png);
  return width > 1.5 * height;
}

/** One grid at a time, with a slider over training and all of them as thumbnails. */
export function sampleSection(samples: readonly ReportSample[]): Html | undefined {
  const shown = thin(samples, maxSamples);
  const last = shown.at(-1);
  if (!last) return undefined;
  const left = samples.length - shown.length;
  return html`<section><div class="heading"><h2>Samples over training</h2><p>${left > 0 && `${shown.length} of ${samples.length}; the others are in the samples folder`}</p></div>
<div class="card samples"><div class="viewer">${picture(last.png, `Samples at step ${last.step}`, 800)}
<div><div class="where">${where(last)}</div><p class="caption">${last.caption}</p>
${shown.length > 1 && html`<input type="range" min="0" max="${shown.length - 1}" value="${shown.length - 1}" aria-label="Step"><button type="button" class="quiet play">Play</button>`}</div></div>
${shown.length > 1 && html`<div class="strip">${shown.map((sample) => thumbnail(sample, sample === last))}</div>`}</div></section>`;
}

function thumbnail(sample: ReportSample, current: boolean): Html {
  return html`<button type="button" data-where="${where(sample)}" data-caption="${sample.caption}" aria-current="${String(current)}"><span class="thumb">${picture(sample.png, `Samples at step ${sample.step}`, 0)}</span>${formatCount(sample.step)}</button>`;
}

function where(sample: ReportSample): string {
  return `Step ${formatCount(sample.step)}`;
}

/** `shownWidth`: about how many pixels wide it is on a screen. What is enlarged gets hard edges: those are the pixels that the model drew. */
function picture(png: Uint8Array, description: string, shownWidth: number): Html {
  const { width, height } = pngSize(png);
  return html`<img${width < shownWidth && html` class="pixels"`} src="${pngAddress(png)}" width="${width}" height="${height}" alt="${description}">`;
}
