import type { Metric } from "../run/metrics";
import { chart, chartData } from "./chart";
import { runCharts } from "./charts";
import { html, jsonScript, trusted } from "./html";
import { finalPicture, isWide, type ReportSample, sampleSection } from "./samples";
import { script } from "./script";
import { styles } from "./styles";
import { automaticNotes, leadSentence, summaryTiles } from "./summary";
import {
  checkpointTable,
  environmentAndCommands,
  type ReportCheckpoint,
  type ReportCommand,
  type ReportSetting,
  settingsSection,
} from "./tables";

/** Everything that a run's report shows. */
export interface ReportInput {
  readonly name: string;
  /** Where the run lies, for the commands; `runs/<name>` unless given. */
  readonly folder?: string;
  /** By dotted key, with the source that `resolveConfig` gives. */
  readonly config: Readonly<Record<string, ReportSetting>>;
  readonly env: Readonly<Record<string, string>>;
  readonly metrics: readonly Metric[];
  readonly samples: readonly ReportSample[];
  /** The last and largest sample grid; the newest of `samples` unless given. */
  readonly final?: Uint8Array | undefined;
  readonly finalCaption?: string;
  readonly checkpoints: readonly ReportCheckpoint[];
  /** Sentences that the reader should see first, such as why a run stopped early. */
  readonly notes: readonly string[];
  readonly parameters?: number;
  /** What the backend computed on, such as the name of the processor. */
  readonly device?: string;
  /** Replaces the commands that are made from `name`. */
  readonly commands?: readonly ReportCommand[];
}

/**
 * A run as one HTML file that needs nothing else: styles, script, curves and pictures are inside, and its content policy forbids it to load anything.
 * Everything but readouts, slider and copy buttons works without scripts.
 */
export function renderReport(input: ReportInput): string {
  const charts = runCharts(input.metrics);
  const [loss, ...small] = charts;
  const final = input.final ?? input.samples.at(-1)?.png;
  const notes = [...automaticNotes(input), ...input.notes];
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>${input.name} - training report</title>
<style>${trusted(styles)}</style>
</head>
<body>
<main>
<header><div><p class="eyebrow">Training report</p><h1>${input.name}</h1><p class="lead">${leadSentence(input)}</p></div>
<button type="button" class="quiet" data-theme-switch>Light / dark</button></header>
${notes.length > 0 && html`<ul class="notes">${notes.map((note) => html`<li>${note}</li>`)}</ul>`}
<div class="hero ${final && !isWide(final) && "beside"}">${final && finalPicture(final, input.finalCaption ?? "Final samples")}${summaryTiles(input)}</div>
<section><div class="heading"><h2>Training</h2>${loss && html`<p>over training steps; point at a curve to read it</p>`}</div>
${loss ? chart(loss) : html`<p class="card empty">Nothing has been measured yet.</p>`}
${small.length > 0 && html`<div class="small-charts">${small.map(chart)}</div>`}</section>
${sampleSection(input.samples)}
${checkpointTable(input.checkpoints)}
${environmentAndCommands(input.env, input.commands ?? commandsFor(input.name, input.folder ?? `runs/${input.name}`))}
${settingsSection(input.config)}
<footer>Written by dit. This file is complete: it loads nothing from anywhere.</footer>
</main>
<script type="application/json" id="data">${jsonScript(charts.map(chartData))}</script>
<script>${trusted(script)}</script>
</body>
</html>
`;
  return page.markup;
}

function commandsFor(name: string, folder: string): ReportCommand[] {
  return [
    { title: "Draw samples", command: `dit sample ${quoted(folder)}` },
    { title: "Continue training", command: `dit train --resume ${quoted(folder)}` },
    {
      title: "Train it again",
      command: `dit train --config ${quoted(`${folder}/config.json`)} --name ${quoted(`${name}-again`)}`,
    },
  ];
}

/** Double quotes are understood by every shell, those of Windows too. */
export function quoted(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `"${text}"`;
}
