import { createRequire } from "node:module";
import { Command, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { doctorCommand, doctorText } from "./commands/doctor";
import { exportCommand } from "./commands/export";
import { inspectCommand, inspectionText } from "./commands/inspect";
import { reportCommand } from "./commands/report";
import { sampleCommand } from "./commands/sample";
import { trainCommand } from "./commands/train";
import { backends } from "./openBackend";
import { createProgress, type Progress } from "./output/progress";

/** The `dit` command. Progress goes to stderr, results to stdout; `--json` prints one object, `--json=stream` NDJSON. */
export function program() {
  const root = new Command("dit")
    .description("Train, sample and export Diffusion Transformers")
    .version(version)
    .exitOverride()
    // One line for each error: commander puts "(Did you mean --steps?)" on a second one.
    .configureOutput({ outputError: (text, write) => write(`${text.trim().replaceAll("\n", " ")}\n`) });

  root
    .command("train")
    .description("train a model; everything about the run lands in runs/<name>")
    .option("--config <file>", "settings as JSON, comments allowed")
    .addOption(
      new Option("--resume <run>", "continue a run's folder, bit for bit, with its own settings").conflicts([
        "config",
        "name",
        "init",
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

  root
    .command("sample <model>")
    .description("draw images; <model> is a run, a checkpoint or a .safetensors file")
    .option("--class <list>", "classes by number or name, separated by commas (default: all)")
    .option("--per-class <n>", "images of each class", count, 4)
    .addOption(
      new Option("--sampler <name>", "how the noise is removed")
        .choices(["ddim", "ddpm"] as const)
        .default("ddim" as const),
    )
    .option("--steps <n>", "network evaluations to an image", count, 50)
    .option("--cfg <scale>", "guidance scale; 1 is none (default: 1.5, or 1 for a model that cannot be guided)", real)
    .addOption(
      new Option("--guide <channels>", "channels that are guided")
        .choices(["all", "3"] as const)
        .default("all" as const),
    )
    .option("--eta <x>", "DDIM's noise, 0 to 1", fraction, 0)
    .option("--no-clip", "let implied images leave [-1, 1], as latents do")
    .option("--seed <n>", "decides the noise", whole, 0)
    .option("--batch <n>", "images drawn at a time; changes speed, not images", count, 50)
    .option(
      "--out <file>",
      "PNG grid (default: the first free of samples.png, samples-2.png, ..., unless --npz is given)",
    )
    .option("--npz <file>", "arr_0: images, uint8 NHWC; arr_1: labels")
    .addOption(backendOption())
    .addOption(jsonOption())
    .action(async (model, options) => {
      const { sampler, steps, cfg, eta, clip, guide } = options;
      const summary = await sampleCommand({
        model,
        backend: backends[options.backend],
        classes: options.class?.split(",").map((name) => name.trim()) ?? [],
        perClass: options.perClass,
        settings: { sampler, steps, eta, clip, guidanceChannels: guide === "3" ? 3 : "all" },
        ...(cfg === undefined ? {} : { guidance: cfg }),
        seed: options.seed,
        batch: options.batch,
        ...(options.out === undefined ? {} : { out: options.out }),
        ...(options.npz === undefined ? {} : { npz: options.npz }),
        progress: progressFor("sample", options.json),
      });
      const files = [summary.out, summary.npz].filter((file) => file !== null).join(" and ");
      answer(options.json, summary, `${summary.images} images in ${summary.seconds.toFixed(1)} s: ${files}`);
    });

  root
    .command("export <model>")
    .description("write the network as ONNX and check the file in plain onnxruntime")
    .option("--out <folder>", "gets onnx/model.onnx and its data", "exported")
    .option("--batch <n>", "images in a batch of the exported network", count, 1)
    .option("--atol <x>", "largest difference from the model that passes", real, 1e-4)
    .option("--no-verify", "do not run the file, and keep it whatever it computes")
    .addOption(jsonOption())
    .action(async (model, { out, batch, atol, verify, json }) => {
      const summary = await exportCommand({ model, out, batchSize: batch, tolerance: atol, verify });
      const checked =
        summary.maxError === null
          ? "not checked"
          : `largest difference from the model ${summary.maxError.toExponential(1)}`;
      answer(json, summary, `${summary.file}: ${checked}`);
    });

  root
    .command("inspect <model>")
    .description("say what a model file holds, from its header alone")
    .addOption(jsonOption())
    .action((model, { json }) => {
      const inspection = inspectCommand(model);
      answer(json, inspection, inspectionText(inspection));
    });

  root
    .command("report <run>")
    .description("write a run's report.html again, with the pictures drawn since")
    .addOption(jsonOption())
    .action((run, { json }) => {
      const { report } = reportCommand(run);
      answer(json, { report }, report);
    });

  root
    .command("doctor")
    .description("say what works on this machine, and what would make the rest work")
    .addOption(jsonOption())
    .action(async ({ json }) => {
      const report = await doctorCommand();
      answer(json, report, doctorText(report));
    });

  return root;
}

const { version } = createRequire(import.meta.url)("../package.json") as { version: string };

type Json = true | "stream" | undefined;

function jsonOption() {
  return new Option(
    "--json [mode]",
    "print the result as one JSON object; --json=stream: events too, one to a line",
  ).argParser((mode): true | "stream" => {
    if (mode === "object") return true;
    if (mode === "stream") return mode;
    throw new InvalidArgumentError("Write --json or --json=stream.");
  });
}

function progressFor(label: string, json: Json): Progress {
  return createProgress({ label, json: json ?? false });
}

function backendOption() {
  const names = Object.keys(backends) as (keyof typeof backends)[];
  return new Option("--backend <name>", "what computes").choices(names).default("ort" as const);
}

function answer(json: Json, result: object, text: string): void {
  if (json === undefined) process.stdout.write(`${text}\n`);
  else process.stdout.write(`${JSON.stringify(json === "stream" ? { event: "result", ...result } : result)}\n`);
}

function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}

function whole(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value))
    throw new InvalidArgumentError("It must be a whole number from 0.");
  return value;
}

function count(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value === 0) {
    throw new InvalidArgumentError("It must be a whole number from 1.");
  }
  return value;
}

function real(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError("It must be a number from 0.");
  return value;
}

function fraction(text: string): number {
  const value = real(text);
  if (value > 1) throw new InvalidArgumentError("It must be a number from 0 to 1.");
  return value;
}
