import { type Command, Option } from "@commander-js/extra-typings";
import { ConfigError } from "@dit/core";
import { diffCommand, diffText } from "../commands/diff";
import { doctorCommand, doctorText } from "../commands/doctor";
import { planCommand, planText, precisions, requireFit } from "../commands/plan";
import { backends } from "../openBackend";
import { exitCodes } from "../output/exit";
import { backendPair, bytes, count, counts, precisionList, real } from "./optionValues";
import { answer, collect, jsonOption, sourcesOf } from "./shared";

/** `dit plan` */
export function addPlan(root: Command): void {
  root
    .command("plan [config]")
    .description("say what a model will cost, in memory and work, from its configuration alone")
    .option("--model <preset>", "such as DiT-S/4")
    .option("--batch <list>", "batch sizes, separated by commas (default: the config's)", counts)
    .option("--precision <list>", `${precisions.join(", ")} (default: f32)`, precisionList)
    .option("--memory <size>", "refuse what does not fit in it, such as 24GB", bytes)
    .option("--set <key=value>", "any setting, such as sample.guidance=4; may be repeated", collect)
    .addOption(jsonOption())
    .action(async (config, { model, batch, precision, memory, set, json }) => {
      const report = await planCommand({
        sources: sourcesOf(config, { flag: "--model", value: model }, set),
        batches: batch ?? [],
        precisions: precision ?? ["f32"],
        ...(memory === undefined ? {} : { memory }),
      });
      answer(json, report, planText(report));
      requireFit(report);
    });
}

/** `dit diff` */
export function addDiff(root: Command): void {
  root
    .command("diff [model]")
    .description(
      "run one graph on two backends and say where they part; <model> is a run, a checkpoint or a model file",
    )
    .option("--config <file>", "a configuration instead of a model: its weights are drawn")
    .option("--preset <name>", "the configuration's model (default: DiT-S/8, without --config)")
    .option("--backends <list>", "the one that is right, and the one in question", backendPair, [
      backends.reference,
      backends.ort,
    ] as const)
    .addOption(
      new Option("--what <graph>", "what is run")
        .choices(["forward", "train-step"] as const)
        .default("forward" as const),
    )
    .option("--isolated", "compute each node from the right values of its inputs, so that rounding does not add up")
    .option("--batch <n>", "images", count, 1)
    .option("--atol <x>", "largest difference that passes", real, 1e-5)
    .option("--rtol <x>", "and that relative to the node's largest value", real, 1e-4)
    .addOption(jsonOption())
    .action(async (model, { config, preset, backends, what, isolated, batch, atol, rtol, json }) => {
      if (model !== undefined && (config ?? preset) !== undefined)
        throw new ConfigError(`${model} has a configuration of its own; leave --config and --preset out`);
      const drawn = preset ?? (config === undefined ? "DiT-S/8" : undefined);
      const report = await diffCommand({
        ...(model === undefined ? {} : { model }),
        sources: sourcesOf(config, { flag: "--preset", value: drawn }),
        backends,
        what,
        isolated: isolated ?? false,
        batch,
        absolute: atol,
        relative: rtol,
      });
      answer(json, report, diffText(report));
      if (report.first !== null) process.exitCode = exitCodes.verification;
    });
}

/** `dit doctor` */
export function addDoctor(root: Command): void {
  root
    .command("doctor")
    .description("say what works on this machine, and what would make the rest work")
    .addOption(jsonOption())
    .action(async ({ json }) => {
      const report = await doctorCommand();
      answer(json, report, doctorText(report));
    });
}
