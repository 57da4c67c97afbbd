import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { SampleSettings } from "@dit/core";
import { listCheckpoints } from "../checkpoints/checkpoint";
import { bestOf } from "../checkpoints/retention";
import { shownPath } from "../config/configFile";
import { type PngText, readText } from "../images/pngText";
import { atomicWrite } from "../run/atomicWrite";
import { type Environment, environmentRows } from "../run/environment";
import { readMetrics } from "../run/metrics";
import type { RunFolder } from "../run/runFolder";
import { type ReportInput, renderReport } from "./report";
import type { ReportSample } from "./samples";

/** Settings, and for each dotted key who said so. */
interface OriginatedConfig {
  readonly config: object;
  readonly origins: Readonly<Record<string, string>>;
}

/**
 * Writes a run's `report.html` from what lies in its folder.
 * @param parameters how many the model has, where that is known
 * @param wording what it says otherwise than for a DiT
 */
export function writeReport(
  run: RunFolder,
  { config, origins }: OriginatedConfig,
  parameters: number | undefined,
  wording: Pick<ReportInput, "finalCaption" | "commands"> = {},
): void {
  const environment = JSON.parse(readFileSync(run.environment, "utf8")) as Environment;
  const settings = Object.entries(origins).map(
    ([key, source]) => [key, { value: valueAt(config, key), source }] as const,
  );
  const checkpoints = listCheckpoints(run.checkpoints);
  const best = bestOf(checkpoints);
  const final = join(run.samples, "final.png");
  atomicWrite(
    run.report,
    renderReport({
      name: basename(run.path),
      folder: shownPath(run.path),
      config: Object.fromEntries(settings),
      env: environmentRows(environment),
      metrics: readMetrics(run.metrics),
      samples: samplesIn(run.samples),
      final: existsSync(final) ? new Uint8Array(readFileSync(final)) : undefined,
      checkpoints: checkpoints.map((entry) => ({
        path: `checkpoints/${basename(entry.path)}`,
        step: entry.step,
        bytes: sizeOf(entry.path),
        best: entry === best,
        ...(entry.validationLoss === undefined ? {} : { validationLoss: entry.validationLoss ?? Number.NaN }),
      })),
      notes: [],
      ...(parameters === undefined ? {} : { parameters }),
      device: environment.cpu,
      ...wording,
    }),
  );
}

function samplesIn(folder: string): ReportSample[] {
  return readdirSync(folder)
    .filter((name) => /^step-\d+\.png$/.test(name))
    .sort()
    .map((name) => {
      const png = new Uint8Array(readFileSync(join(folder, name)));
      const text = readText(png, name);
      return { step: Number(name.slice(5, -4)), png, caption: captionOf(text) };
    });
}

/** How a grid was drawn, from what its PNG says: `ddim, 20 steps, guidance 2.5, seed 0`. */
function captionOf(text: PngText): string {
  if (text["dit:caption"] !== undefined) return text["dit:caption"];
  const { sampler, steps, guidance } = JSON.parse(text["dit:settings"] ?? "{}") as Partial<SampleSettings>;
  return `${sampler}, ${steps} steps, guidance ${guidance}, seed ${text["dit:seed"]}`;
}

function valueAt(tree: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], tree);
}

/** Bytes of a folder's files. */
function sizeOf(folder: string): number {
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}
