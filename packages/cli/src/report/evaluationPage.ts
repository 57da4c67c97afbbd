import type { Comparison, EvaluationReport } from "@dit/eval-fid";
import { formatCount, formatValue } from "../output/formatNumber";
import { type Fragment, type Html, html, pngAddress, trusted } from "./html";
import { styles } from "./styles";

/** What the page adds to the style sheet of a training report. */
const ownStyles = `
.tiles { background: var(--card); gap: 0; } .tile { box-shadow: 0 0 0 .5px var(--line); }
.curve { width: min(100%, 420px); aspect-ratio: 1; overflow: visible; } .curve path { fill: none; stroke: currentColor; stroke-width: 2; vector-effect: non-scaling-stroke; color: var(--train); }
.curve path.frame { stroke-width: 1; color: var(--line); } .curve text { font-size: 4px; fill: var(--faint); }
.bars { padding: 16px 20px; display: grid; grid-template-columns: auto 1fr auto; gap: 6px 12px; font-size: 13px; align-items: center; font-variant-numeric: tabular-nums; } .bars .bar { height: 10px; border-radius: 5px; background: var(--train); }
.neighbours { padding: 16px 20px; } .neighbours img { display: block; max-width: 100%; height: auto; image-rendering: pixelated; border-radius: 6px; }
`;

/**
 * An evaluation as one HTML file that needs nothing else: the numbers, the curve of precision and recall, samples beside
 * the reference images nearest to them, FID by class. Static: it has no script.
 */
export function evaluationPage(
  report: EvaluationReport,
  comparison: readonly Comparison[],
  neighbours: Uint8Array | undefined,
): string {
  const { real, fake, notes, metrics } = report;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${fake.name} - evaluation</title>
<style>${trusted(styles + ownStyles)}</style>
</head>
<body>
<main>
<header><div><p class="eyebrow">Evaluation</p><h1>${fake.name}</h1><p class="lead">${countOf(fake.images)} samples against ${countOf(real.images)} images of ${real.name}</p></div></header>
${notes.length > 0 && html`<ul class="notes">${notes.map((note) => html`<li>${note}</li>`)}</ul>`}
<dl class="card tiles">${tiles(metrics)}</dl>
${comparison.length > 0 && comparisonTable(comparison)}
<div class="pair">${metrics.prd && prdSection(metrics.prd)}${metrics.perClass && classSection(metrics.perClass)}</div>
${
  neighbours &&
  html`<section><div class="heading"><h2>Nearest reference images</h2><p>a sample, then the images nearest to it in feature space</p></div>
<div class="card neighbours"><img src="${pngAddress(neighbours)}" alt="Samples with their nearest reference images"></div></section>`
}
${breakdown(metrics)}
${settings(report)}
<footer>Written by dit. This file is complete: it loads nothing from anywhere.</footer>
</main>
</body>
</html>
`;
  return page.markup;
}

type Metrics = EvaluationReport["metrics"];

const countOf = (images: number | null) => (images === null ? "an unknown number of" : formatCount(images));

function tiles({ fid, sfid, is, kid, pr, dc, prd, fidInfinity }: Metrics): Fragment[] {
  const tile = (name: string, value: number | undefined, detail?: Fragment) =>
    value === undefined
      ? undefined
      : html`<div class="tile"><dt>${name}</dt><dd class="value">${formatValue(value, 4)}</dd>${detail && html`<dd class="detail">${detail}</dd>`}</div>`;
  const interval = fid?.bootstrap?.interval;
  return [
    tile("FID", fid?.value, interval && `95% of resamples: ${formatValue(interval[0])} to ${formatValue(interval[1])}`),
    tile("sFID", sfid?.value),
    tile("Inception Score", is?.value, is && `± ${formatValue(is.std)} over ${is.splits} splits`),
    tile("KID", kid?.value, kid && `± ${formatValue(kid.std)} over ${kid.subsets} subsets of ${kid.subsetSize}`),
    tile("Precision", pr?.precision, pr && `k = ${pr.k}, ${pr.arithmetic}`),
    tile("Recall", pr?.recall, pr && `k = ${pr.k}, ${pr.arithmetic}`),
    tile("Density", dc?.density, dc && `k = ${dc.k}`),
    tile("Coverage", dc?.coverage, dc && `k = ${dc.k}`),
    tile("PRD F_8", prd?.f8, "recall counts more"),
    tile("PRD F_1/8", prd?.f1_8, "precision counts more"),
    tile("FID-infinity", fidInfinity?.value, fidInfinity && `fit leaves ${formatValue(fidInfinity.residual)}`),
  ];
}

function comparisonTable(comparison: readonly Comparison[]): Html {
  return html`<section><div class="heading"><h2>Against the earlier report</h2></div><div class="card scroll"><table>
<tr><th>number</th><th>before</th><th>now</th><th>may change by</th><th></th></tr>
${comparison.map((c) => html`<tr><td>${c.metric}</td><td>${formatValue(c.before, 5)}</td><td>${formatValue(c.after, 5)}</td><td>${formatValue(c.allowance)}</td><td>${c.verdict}</td></tr>`)}
</table></div></section>`;
}

function prdSection({ curve, clusters, runs }: NonNullable<Metrics["prd"]>): Html {
  const path = curve.map(([recall, precision], i) => `${i === 0 ? "M" : "L"}${place(recall)} ${place(1 - precision)}`);
  return html`<section><div class="heading"><h2>Precision and recall</h2><p>${clusters} clusters, mean of ${runs} runs</p></div>
<figure class="card chart"><svg class="curve" viewBox="-8 -4 112 112" role="img" aria-label="Precision against recall">
<path class="frame" d="M0 0V100H100V0Z"/><path d="${path.join("")}"/>
<text x="50" y="107" text-anchor="middle">recall, 0 to 1</text><text x="-3" y="50" text-anchor="middle" transform="rotate(-90 -3 50)">precision, 0 to 1</text></svg></figure></section>`;
}

const place = (share: number) => Number((share * 100).toFixed(2));

function classSection(classes: NonNullable<Metrics["perClass"]>): Html {
  const most = classes.reduce((x, { fid }) => Math.max(x, fid ?? 0), 0) || 1;
  const row = ({ label, fid, fake }: (typeof classes)[number]) =>
    html`<span>${label}</span><span>${fid !== null && html`<span class="bar" style="display:block;width:${place(fid / most)}%"></span>`}</span><span>${fid === null ? `${fake} samples` : formatValue(fid)}</span>`;
  return html`<section><div class="heading"><h2>FID by class</h2></div><div class="card bars">${classes.slice(0, 100).map(row)}</div></section>`;
}

function breakdown({ fid, sfid }: Metrics): Fragment {
  const row = (name: string, f: NonNullable<Metrics["fid"]>) =>
    html`<tr><td>${name}</td>${[f.meanTerm, f.traceReal, f.traceFake, -2 * f.traceRoot].map((x) => html`<td>${formatValue(x, 5)}</td>`)}<td>${f.rankReal} and ${f.rankFake}</td><td>${formatValue(f.conditionReal)} and ${formatValue(f.conditionFake)}</td></tr>`;
  if (!fid && !sfid) return undefined;
  return html`<section><div class="heading"><h2>What the distance is made of</h2></div><div class="card scroll"><table>
<tr><th></th><th>means</th><th>trace, reference</th><th>trace, samples</th><th>root of the product</th><th>ranks</th><th>condition, at least</th></tr>
${fid && row("FID", fid)}${sfid && row("sFID", sfid)}</table></div></section>`;
}

function settings({ mode, seed, network, networkHash, route, real, fake, versions }: EvaluationReport): Html {
  const rows: Record<string, string> = {
    ...{
      mode,
      seed: String(seed),
      features: network,
      "network's hash": networkHash || "none",
      "resizing and scaling": route,
    },
    "size of reference images": real.imageSize ?? "unknown",
    "size of samples": fake.imageSize ?? "unknown",
    ...versions,
  };
  return html`<section><div class="heading"><h2>Settings</h2></div><div class="card group">${Object.entries(rows).map(([name, value]) => html`<div class="row"><span class="name">${name}</span><span class="given mono">${value}</span></div>`)}</div></section>`;
}
