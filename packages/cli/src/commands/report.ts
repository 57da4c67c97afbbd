import { existsSync } from "node:fs";
import { ConfigError } from "@dit/core";
import { listCheckpoints } from "../checkpoints/checkpoint";
import { resolveConfig } from "../config/resolveConfig";
import { writeReport } from "../report/writeReport";
import { runFolder } from "../run/runFolder";
import { inspectCommand } from "./inspect";

/** `dit report`: writes a run's report again, with the pictures that were drawn since. */
export async function reportCommand(path: string): Promise<{ readonly report: string }> {
  const run = runFolder(path);
  if (!existsSync(run.config)) throw new ConfigError(`${path} is no run: it has no config.json`);
  const newest = listCheckpoints(run.checkpoints).at(-1);
  const parameters = newest === undefined ? undefined : ((await inspectCommand(newest.path)).parameters ?? undefined);
  writeReport(run, resolveConfig({ run: run.config }), parameters);
  return { report: run.report };
}
