import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { countParams, ditSpec, type ModelConfig } from "@dit/core";
import { listCheckpoints } from "../checkpoints/checkpoint";
import type { ResolvedConfig } from "../config/resolveConfig";
import { readText } from "../images/pngText";
import { atomicWrite } from "../run/atomicWrite";
import { readMetrics } from "../run/metrics";
import type { RunFolder } from "../run/runFolder";
import { renderReport } from "./report";
import type { ReportSample } from "./samples";

/** Writes a run's `report.html` from what lies in its folder. */
export function writeReport(run: RunFolder, { config, origins }: ResolvedConfig, model: ModelConfig): void {
  const environment = JSON.parse(readFileSync(run.environment, "utf8")) as Record<string, unknown>;
  const settings = Object.entries(origins).map(
    ([key, source]) => [key, { value: valueAt(config, key), source }] as const,
  );
  const final = join(run.samples, "final.png");
  atomicWrite(
    run.report,
    renderReport({
      name: basename(run.path),
      config: Object.fromEntries(settings),
      env: Object.fromEntries(Object.entries(environment).map(([key, value]) => [key, textOf(value)])),
      metrics: readMetrics(run.metrics),
      samples: samplesIn(run.samples),
      final: existsSync(final) ? new Uint8Array(readFileSync(final)) : undefined,
      checkpoints: listCheckpoints(run.checkpoints).map(({ path, step, validationLoss }) => ({
        path: `checkpoints/${basename(path)}`,
        step,
        ...(validationLoss === undefined ? {} : { validationLoss }),
      })),
      notes: [],
      parameters: countParams(ditSpec(model.dit)),
      device: textOf(environment.cpu),
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
      return { step: Number(name.slice(5, -4)), png, caption: `seed ${text["dit:seed"]}, ${text["dit:settings"]}` };
    });
}

function valueAt(tree: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], tree);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
