import { type Comparison, type EvaluationReport, headline } from "@dit/eval-fid";
import { formatCount, formatValue } from "../output/formatNumber";
import { type Fragment, type Html, html, pngAddress, trusted } from "./html";
import { styles } from "./styles";

/** What the page adds to the style sheet of a training report. */
const ownStyles = `
.tiles { background: var(--card); display: flex; flex-wrap: wrap; gap: 0; } .tile { flex: 1 1 190px; box-shadow: 0 0 0 .5px var(--line); justify-content: flex-start; } .detail.real { color: var(--validation); }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 380px), 1fr)); gap: 0 24px; } .pair section { display: flex; flex-direction: column; } .pair figure { margin-bottom: auto; } .pair .bars { flex: 1; }
.curve { width: min(100%, 440px); overflow: visible; display: block; margin: 0 auto; } .curve path { fill: none; stroke: var(--train); stroke-width: 2; vector-effect: non-scaling-stroke; stroke-linejoin: round; }
.curve path.frame, .curve path.grid { stroke-width: 1; stroke: var(--line); } .curve path.real { stroke: var(--validation); stroke-width: 1.5; } .curve text { font-size: 3.6px; fill: var(--faint); }
.bars { padding: 16px 20px; display: grid; grid-template-columns: auto 1fr auto; gap: 8px 12px; font-size: 13px; align-items: center; font-variant-numeric: tabular-nums; } .bars .bar { display: block; height: 9px; border-radius: 5px; min-width: 2px; background: var(--train); } .bars .bar.real { height: 3px; margin-top: 2px; background: var(--validation); } .bars .number { text-align: right; }
.neighbours { padding: 16px 20px; } .neighbours img { display: block; width: 100%; height: auto; image-rendering: pixelated; border-radius: 6px; }
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
  const { real, fake, floor, notes, metrics } = report;
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
<header><div><p class="eyebrow">Evaluation</p><h1>${fake.name}</h1><p class="lead">${countOf(fake.images)} samples against ${countOf(real.images)} images of ${real.name}${floor && `, beside ${countOf(floor.images)} real ones of ${floor.name}`}</p></div></header>
${notes.length > 0 && html`<ul class="notes">${notes.map((note) => html`<li>${note}</li>`)}</ul>`}
<dl class="card tiles">${tiles(metrics, floor?.metrics)}</dl>
${comparison.length > 0 && comparisonTable(comparison)}
<div class="pair">${metrics.prd && prdSection(metrics.prd, floor?.metrics.prd)}${metrics.perClass && classSection(metrics.perClass, floor?.metrics.perClass)}</div>
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

/** The numbers, each with how it came about and what real images get. */
function tiles(metrics: Metrics, floor: Metrics | undefined): Fragment[] {
  const { fid, is, kid, pr, dc, fidInfinity } = metrics;
  const neighbours = pr && `k = ${pr.k}, ${pr.arithmetic}`;
  const interval = fid?.bootstrap?.interval;
  const details: Readonly<Record<string, string | undefined>> = {
    FID: interval && `95% of resamples: ${formatValue(interval[0])} to ${formatValue(interval[1])}`,
    "Inception Score": is && is.splits > 1 ? `± ${formatValue(is.std)} over ${is.splits} splits` : undefined,
    KID: kid && `± ${formatValue(kid.std)} over ${kid.subsets} subsets of ${kid.subsetSize}`,
    precision: neighbours,
    recall: neighbours,
    density: dc && `k = ${dc.k}`,
    coverage: dc && `k = ${dc.k}`,
    "PRD F_8": "recall counts more",
    "PRD F_1/8": "precision counts more",
    "FID-infinity": fidInfinity && `fit leaves ${formatValue(fidInfinity.residual)}`,
  };
  const real = new Map(floor && headline(floor).map(({ name, value }) => [name, value]));
  return headline(metrics).map(({ name, value }) => {
    const title = name.charAt(0).toUpperCase() + name.slice(1);
    const beside = real.get(name);
    return html`<div class="tile"><dt>${title}</dt><dd class="value">${formatValue(value, 4)}</dd>${beside !== undefined && html`<dd class="detail real">real images: ${formatValue(beside, 4)}</dd>`}${details[name] && html`<dd class="detail">${details[name]}</dd>`}</div>`;
  });
}

function comparisonTable(comparison: readonly Comparison[]): Html {
  return html`<section><div class="heading"><h2>Against the earlier report</h2></div><div class="card scroll"><table>
<tr><th>number</th><th>before</th><th>now</th><th>may change by</th><th></th></tr>
${comparison.map((c) => html`<tr><td>${c.metric}</td><td>${formatValue(c.before, 5)}</td><td>${formatValue(c.after, 5)}</td><td>${formatValue(c.allowance)}</td><td>${c.verdict}</td></tr>`)}
</table></div></section>`;
}

type PrdCurve = NonNullable<Metrics["prd"]>["curve"];

function prdSection({ curve, clusters, runs }: NonNullable<Metrics["prd"]>, floor: Metrics["prd"]): Html {
  const line = (points: PrdCurve) =>
    points.map(([recall, precision], i) => `${i === 0 ? "M" : "L"}${place(recall)} ${place(1 - precision)}`).join("");
  const tick = (share: number) =>
    html`<text x="${place(share)}" y="105" text-anchor="middle">${share}</text><text x="-2" y="${place(1 - share) + 1}" text-anchor="end">${share}</text>`;
  return html`<section><div class="heading"><h2>Precision and recall</h2><p>${clusters} clusters, mean of ${runs} runs</p></div>
<figure class="card chart"><figcaption class="legend"><span class="key train">samples</span>${floor && html`<span class="key validation">real images</span>`}</figcaption>
<svg class="curve" viewBox="-12 -3 115 117" role="img" aria-label="Precision against recall">
<path class="grid" d="M0 25H100M0 50H100M0 75H100M25 0V100M50 0V100M75 0V100"/><path class="frame" d="M0 0V100H100V0Z"/>
${floor && html`<path class="real" d="${line(floor.curve)}"/>`}<path d="${line(curve)}"/>${[0, 0.5, 1].map(tick)}
<text x="50" y="112" text-anchor="middle">recall</text><text x="-9" y="50" text-anchor="middle" transform="rotate(-90 -9 50)">precision</text></svg></figure></section>`;
}

const place = (share: number) => Number((share * 100).toFixed(2));

type Classes = NonNullable<Metrics["perClass"]>;

/** A page with a thousand bars helps nobody. */
const classesShown = 100;

function classSection(classes: Classes, floor: Classes | undefined): Html {
  const most = classes.reduce((x, { fid }) => Math.max(x, fid ?? 0), 0) || 1;
  const real = new Map(floor?.map(({ label, fid }) => [label, fid]));
  const bar = (fid: number, kind: string) =>
    html`<span class="bar ${kind}" style="width:${place(Math.min(1, fid / most))}%"></span>`;
  const row = ({ label, fid, fake }: Classes[number]) => {
    const beside = real.get(label);
    return html`<span>${label}</span><span>${fid !== null && bar(fid, "ours")}${typeof beside === "number" && bar(beside, "real")}</span><span class="number">${fid === null ? `${fake} samples` : formatValue(fid)}</span>`;
  };
  const more =
    classes.length > classesShown &&
    html`<p class="hint">and ${classes.length - classesShown} more classes in report.json</p>`;
  return html`<section><div class="heading"><h2>FID by class</h2><p>${floor && "below each, that of real images"}</p></div><div class="card bars">${classes.slice(0, classesShown).map(row)}</div>${more}</section>`;
}

function breakdown({ fid, sfid }: Metrics): Fragment {
  const row = (name: string, f: NonNullable<Metrics["fid"]>) =>
    html`<tr><td>${name}</td>${[f.meanTerm, f.traceReal, f.traceFake, -2 * f.traceRoot].map((x) => html`<td>${formatValue(x, 5)}</td>`)}<td>${f.rankReal} and ${f.rankFake}</td><td>${formatValue(f.conditionReal)} and ${formatValue(f.conditionFake)}</td></tr>`;
  if (!fid && !sfid) return undefined;
  return html`<section><div class="heading"><h2>What the distance is made of</h2></div><div class="card scroll"><table>
<tr><th></th><th>means</th><th>trace, reference</th><th>trace, samples</th><th>root of the product</th><th>ranks</th><th>condition, at least</th></tr>
${fid && row("FID", fid)}${sfid && row("sFID", sfid)}</table></div></section>`;
}

function settings(report: EvaluationReport): Html {
  const { mode, seed, network, networkHash, route, real, fake, verification, versions } = report;
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
    ...(verification && {
      "check of the backend": `${verification.backend}: features off by at most ${verification.largestDeviation.toExponential(1)}`,
    }),
    ...versions,
  };
  return html`<section><div class="heading"><h2>Settings</h2></div><div class="card group">${Object.entries(rows).map(([name, value]) => html`<div class="row"><span class="name">${name}</span><span class="given mono">${value}</span></div>`)}</div></section>`;
}
