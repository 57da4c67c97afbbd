import { formatValue } from "../output/formatNumber";
import { type Fragment, type Html, html, trusted } from "./html";
import type { Point } from "./series";
import { position, type Range, type Scale, stepLabels, ticks, valueLabels } from "./ticks";

/** One curve of a chart. `faint` lies behind and is left out of the readout of others' ranges; `dots` are single measurements. */
export interface ChartSeries {
  readonly name: string;
  readonly kind: "line" | "faint" | "dots";
  /** Names a colour of the style sheet. */
  readonly colour: "train" | "validation" | "gradient" | "rate" | "speed" | "bits";
  readonly points: readonly Point[];
}

export interface ChartSpec {
  readonly id: string;
  readonly title: string;
  /** A few words beside the title. */
  readonly hint?: string;
  readonly size: "large" | "small";
  readonly steps: Range;
  readonly series: readonly ChartSeries[];
  /** The value axis in each scale that the reader can choose; the first is shown at the beginning. */
  readonly views: readonly { readonly scale: Scale; readonly range: Range }[];
}

/** The drawing area in SVG units. It is stretched to its box; strokes keep their width and labels are HTML, so nothing is distorted. */
const width = 1000;
const height = 300;

/** A chart as static markup: readable without scripts, which only add the readout under the pointer. */
export function chart(spec: ChartSpec): Html {
  const { id, title, hint, size, series, views } = spec;
  const switchName = `scale-${id}`;
  return html`<figure class="card chart ${size}" data-chart="${id}">
<figcaption><h3>${title}</h3>${hint && html`<span class="hint">${hint}</span>`}
${size === "large" ? legend(series) : newest(series)}
${
  views.length > 1 &&
  html`<span class="switch" role="radiogroup" aria-label="Value axis">${views.map((view, i) => {
    return html`<label><input type="radio" name="${switchName}" value="${view.scale}"${i === 0 && trusted(" checked")}><span>${view.scale}</span></label>`;
  })}</span>`
}</figcaption>
${views.map((view) => plot(spec, view.scale, view.range))}
</figure>`;
}

/** What the script needs to read a chart: the axes, and the curves that have a readout. */
export function chartData({ id, steps, series, views }: ChartSpec) {
  const rounded = (value: number) => Number(value.toPrecision(5));
  return {
    id,
    steps,
    ranges: Object.fromEntries(views.map(({ scale, range }) => [scale, range])),
    series: series.map(({ name, kind, colour, points }) => {
      return { name, kind, colour, points: points.map(([step, value]) => [step, rounded(value)]) };
    }),
  };
}

function legend(series: readonly ChartSeries[]): Html {
  return html`<span class="legend">${series.map((s) => html`<span class="key ${s.kind} ${s.colour}">${s.name}</span>`)}</span>`;
}

/** The value at the end of a small chart's curve; the script shows there what the pointer is at. */
function newest(series: readonly ChartSeries[]): Fragment {
  const line = series.find(({ kind }) => kind === "line");
  return line && html`<output class="now ${line.colour}">${formatValue(line.points.at(-1)![1])}</output>`;
}

function plot({ title, size, steps, series }: ChartSpec, scale: Scale, range: Range): Html {
  const valueTicks = ticks(range, scale, size === "large" ? 6 : 4);
  const stepTicks = ticks(steps, "linear", size === "large" ? 8 : 4);
  const x = (step: number) => position(step, steps, "linear");
  const y = (value: number) => 1 - position(value, range, scale);
  const grid = valueTicks.map((v) => `M0 ${fixed(y(v) * height)}H${width}`).join("");
  const last = series.find((s) => s.kind === "line")?.points.at(-1);
  const summary = last ? `${title}: ${formatValue(last[1])} at step ${last[0]}` : title;
  const valueNames = valueLabels(valueTicks);
  const stepNames = stepLabels(stepTicks);
  return html`<div class="view ${scale}" data-scale="${scale}">
<div class="plot" tabindex="0" role="img" aria-label="${summary}">
<svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" aria-hidden="true"><path class="grid" d="${grid}"/>${series.map((s) => curve(s, x, y))}</svg>
${valueTicks.map((v, i) => html`<span class="y" style="top:${percent(y(v))}">${valueNames[i]}</span>`)}
${stepTicks.map((s, i) => html`<span class="x" style="left:${percent(x(s))}">${stepNames[i]}</span>`)}
</div></div>`;
}

function curve(series: ChartSeries, x: (step: number) => number, y: (value: number) => number): Fragment {
  const at = ([step, value]: Point) => {
    // On a log axis 0 has no place: it is drawn just below the lower edge.
    const down = Math.min(1.1, Math.max(-0.1, y(value)));
    return `${fixed(x(step) * width)} ${fixed(Number.isFinite(down) ? down * height : height * 1.1)}`;
  };
  // A line of no length with round ends is a dot that stays round when the drawing is stretched; one point alone is a dot too.
  const dots = series.kind === "dots" || series.points.length === 1;
  const path = dots
    ? series.points.map((point) => `M${at(point)}h0`).join("")
    : series.points.map((point, i) => `${i === 0 ? "M" : "L"}${at(point)}`).join("");
  const kind = dots ? "dots" : series.kind;
  const line =
    series.kind === "dots" &&
    series.points.length > 1 &&
    series.points.map((p, i) => `${i ? "L" : "M"}${at(p)}`).join("");
  return html`${line && html`<path class="join ${series.colour}" d="${line}"/>`}<path class="${kind} ${series.colour}" d="${path}"/>`;
}

function percent(share: number): string {
  return `${fixed(share * 100)}%`;
}

function fixed(value: number): string {
  return Number(value.toFixed(2)).toString();
}
