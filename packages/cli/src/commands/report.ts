import { existsSync } from "node:fs";
import { ConfigError } from "@dit/core";
import { loadModel } from "@dit/core/node";
import { resolveConfig } from "../config/resolveConfig";
import { findModelFile } from "../findModel";
import { writeReport } from "../report/writeReport";
import { runFolder } from "../run/runFolder";

/** `dit report`: writes a run's report again, with the pictures that were drawn since. */
export async function reportCommand(path: string): Promise<{ readonly report: string }> {
  const run = runFolder(path);
  if (!existsSync(run.config)) throw new ConfigError(`${path} is no run: it has no config.json`);
  const { config } = await loadModel(findModelFile(path));
  writeReport(run, resolveConfig({ file: run.config }), config);
  return { report: run.report };
}
