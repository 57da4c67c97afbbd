import { findSetting } from "../config/settings";
import { formatCount, formatValue } from "../output/formatNumber";
import { type Html, html } from "./html";

/** A setting's value and where it came from, as `resolveConfig` tells it. */
export interface ReportSetting {
  readonly value: unknown;
  readonly source: string;
}

export interface ReportCheckpoint {
  readonly step: number;
  /** Relative to the run's folder. */
  readonly path: string;
  readonly validationLoss?: number;
  readonly bytes?: number;
  readonly best?: boolean;
}

export interface ReportCommand {
  readonly title: string;
  readonly command: string;
}

/** All settings in groups, what somebody set set off from the defaults. */
export function settingsSection(config: Readonly<Record<string, ReportSetting>>): Html | undefined {
  const entries = Object.entries(config);
  if (entries.length === 0) return undefined;
  const groups = new Map<string, [name: string, path: string, setting: ReportSetting][]>();
  for (const [path, setting] of entries) {
    const dot = path.indexOf(".");
    const group = dot < 0 ? "run" : path.slice(0, dot);
    groups.set(group, [...(groups.get(group) ?? []), [path.slice(dot + 1), path, setting]]);
  }
  return html`<section class="settings"><div class="heading"><h2>Settings</h2><label class="filter"><input type="checkbox">Only what was set</label></div>
<div class="columns">${[...groups].map(([group, rows]) => {
    return html`<div class="card group"><h3>${group}</h3>${rows.map(([name, path, setting]) => settingRow(name, path, setting))}</div>`;
  })}</div></section>`;
}

function settingRow(name: string, path: string, { value, source }: ReportSetting): Html {
  const set = source !== "default";
  const why = findSetting(path)?.description;
  return html`<div class="row ${set && "set"}"><span class="name"${why && html` title="${why}"`}>${name}</span><span class="given"><span class="mono ${value === null && "none"}">${shown(value)}</span>${set && html`<span class="source">${source}</span>`}</span></div>`;
}

export function checkpointTable(checkpoints: readonly ReportCheckpoint[]): Html | undefined {
  if (checkpoints.length === 0) return undefined;
  return html`<section><div class="heading"><h2>Checkpoints</h2><p>kept in the run folder</p></div><div class="card scroll"><table>
<tr><th>Step</th><th>Validation loss</th><th>Size</th><th>Folder</th></tr>${checkpoints.map((checkpoint) => {
    return html`<tr><td>${formatCount(checkpoint.step)}${checkpoint.best && html`<span class="badge">best</span>`}</td><td>${checkpoint.validationLoss === undefined ? "–" : formatValue(checkpoint.validationLoss, 4)}</td><td>${checkpoint.bytes === undefined ? "–" : megabytes(checkpoint.bytes)}</td><td class="mono">${checkpoint.path}</td></tr>`;
  })}</table></div></section>`;
}

/** What it ran on, beside the commands that go on from here. */
export function environmentAndCommands(
  env: Readonly<Record<string, string>>,
  commands: readonly ReportCommand[],
): Html {
  const rows = Object.entries(env);
  return html`<section><div class="pair">
<div><div class="heading"><h2>Go on from here</h2></div><div class="card">${commands.map(({ title, command }) => {
    return html`<div class="command"><div class="top"><h3>${title}</h3><button type="button" class="quiet" data-copy>Copy</button></div><pre><code>${command}</code></pre></div>`;
  })}</div></div>
${
  rows.length > 0 &&
  html`<div><div class="heading"><h2>Environment</h2></div><div class="card group">${rows.map(([name, value]) => {
    return html`<div class="row"><span class="name">${name}</span><span class="given mono">${value}</span></div>`;
  })}</div></div>`
}</div></section>`;
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return "none";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function megabytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(2)} GB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
