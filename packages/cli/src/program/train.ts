import { type Command, Option } from "@commander-js/extra-typings";
import { trainCommand } from "../commands/train";
import { answer, collect, jsonOption, progressFor } from "./shared";

/** `dit train` */
export function addTrain(root: Command): void {
  root
    .command("train")
    .description("train a model; everything about the run lands in runs/<name>")
    .option("--config <file>", "settings as JSON, comments allowed")
    .addOption(
      new Option("--resume <run>", "continue a run's folder, bit for bit, with its own settings").conflicts([
        "config",
        "name",
        "init",
        "runs",
        "moveAside",
      ]),
    )
    .option("--name <name>", "the run's folder (default: run)")
    .option("--data <source>", "digits, digits:test or folder:DIR")
    .option("--model <preset>", "such as DiT-S/4")
    .option("--steps <n>", "optimiser steps")
    .option("--batch-size <n>", "images in a step")
    .option("--learning-rate <x>", "AdamW's step size")
    .option("--seed <n>", "decides weights, noise and order")
    .option("--init <model>", "fine-tune from a run, a checkpoint or a .safetensors file")
    .option("--set <key=value>", "any setting, such as train.warmup=100; may be repeated", collect)
    .option("--runs <folder>", "where runs lie", "runs")
    .option("--move-aside", "rename an earlier run of the same name instead of refusing to start")
    .addOption(jsonOption())
    .action(async (options) => {
      const flag = (name: string, value: unknown) => ({ flag: name, value });
      const summary = await trainCommand({
        root: options.runs,
        moveAside: options.moveAside ?? false,
        sources: {
          ...(options.config === undefined ? {} : { file: options.config }),
          env: process.env,
          flags: {
            name: flag("--name", options.name),
            data: flag("--data", options.data),
            model: flag("--model", options.model),
            "train.steps": flag("--steps", options.steps),
            "train.batchSize": flag("--batch-size", options.batchSize),
            "train.learningRate": flag("--learning-rate", options.learningRate),
            "train.seed": flag("--seed", options.seed),
            init: flag("--init", options.init),
          },
          sets: options.set ?? [],
        },
        ...(options.resume === undefined ? {} : { resume: options.resume }),
        progress: progressFor("train", options.json),
      });
      answer(options.json, summary, `${summary.run}: ${summary.step} steps; open ${summary.report}`);
    });
}
