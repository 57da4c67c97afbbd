import { createRequire } from "node:module";
import { Command } from "@commander-js/extra-typings";
import { addDiff, addDoctor, addPlan } from "./program/checks";
import { addEval } from "./program/eval";
import { addExport } from "./program/export";
import { addEncode, addTrainVae } from "./program/latents";
import { addConvert, addInspect } from "./program/models";
import { addReport } from "./program/report";
import { addSample } from "./program/sample";
import { addTrain } from "./program/train";

/** In the order in which `dit --help` shows them. */
const commands = [
  ...[addTrain, addSample, addEval],
  ...[addExport, addConvert, addInspect],
  ...[addTrainVae, addEncode],
  ...[addPlan, addDiff, addReport, addDoctor],
];

/** The `dit` command. Progress goes to stderr, results to stdout; `--json` prints one object, `--json=stream` NDJSON. */
export function program() {
  const root: Command = new Command("dit")
    .description("Train, sample and export Diffusion Transformers")
    .version(version)
    .exitOverride()
    // One line for each error: commander puts "(Did you mean --steps?)" on a second one.
    .configureOutput({ outputError: (text, write) => write(`${text.trim().replaceAll("\n", " ")}\n`) });
  for (const add of commands) add(root);
  return root;
}

const { version } = createRequire(import.meta.url)("../package.json") as { version: string };
