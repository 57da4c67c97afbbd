import { countParams } from "@dit/core";
import { vaeSpec } from "@dit/vae";
import { listCheckpoints, readCheckpoint } from "../checkpoints/checkpoint";
import { vaeFormat } from "../checkpoints/weightsFormat";
import { resolveConfig } from "../config/resolveConfig";
import { readVaeRun } from "../config/vaeRunConfig";
import { writeReport } from "../report/writeReport";
import { writeVaeReport } from "../report/writeVaeReport";
import { runFolder } from "../run/runFolder";
import { inspectCommand } from "./inspect";

/** `dit report`: writes a run's report again, with the pictures that were drawn since. */
export async function reportCommand(path: string): Promise<{ readonly report: string }> {
  const run = runFolder(path);
  const vae = readVaeRun(path);
  const newest = listCheckpoints(run.checkpoints).at(-1)?.path;
  if (vae !== undefined) {
    const saved = newest === undefined ? undefined : readCheckpoint(newest, vaeFormat);
    writeVaeReport(run, vae, saved && countParams(vaeSpec(saved.config)));
  } else {
    const parameters = newest === undefined ? undefined : ((await inspectCommand(newest)).parameters ?? undefined);
    writeReport(run, resolveConfig({ run: run.config }), parameters);
  }
  return { report: run.report };
}
