import { type Command, Option } from "@commander-js/extra-typings";
import { ConfigError } from "@dit/core";
import { reconstructionLosses } from "@dit/vae";
import { encodeCommand } from "../commands/encode";
import { trainVaeCommand } from "../commands/trainVae";
import { type VaeRunConfig, vaeRunDefaults } from "../config/vaeRunConfig";
import { backends } from "../openBackend";
import { count, counts, real, whole } from "./optionValues";
import { answer, backendOption, jsonOption, progressFor } from "./shared";

/** `dit encode` */
export function addEncode(root: Command): void {
  root
    .command("encode <data>")
    .description("encode images once, for training on latents; <data> is digits, digits:test or folder:DIR")
    .requiredOption("--vae <path>", "autoencoder: a folder of diffusers, a .safetensors or .pt file")
    .option("--image-size <n>", "height and width of the images; needed for folders", count)
    .option("--batch <n>", "images at a time; changes speed and memory", count, 8)
    .option("--out <folder>", "gets moments.npy and latents.json", "latents")
    .addOption(backendOption())
    .addOption(jsonOption())
    .action(async (data, { vae, imageSize, batch, out, backend, json }) => {
      const summary = await encodeCommand({
        ...{ data, vae, batch, out, backend: backends[backend] },
        ...(imageSize === undefined ? {} : { imageSize }),
        progress: progressFor("encode", json),
      });
      const { images, latentShape, seconds } = summary;
      answer(
        json,
        summary,
        `${out}: ${images} images as latents of ${latentShape.join("x")} in ${seconds.toFixed(1)} s`,
      );
    });
}

/** `dit train-vae` */
export function addTrainVae(root: Command): void {
  const { model, objective, train, sample, checkpoint } = vaeRunDefaults;
  const resume = new Option("--resume <run>", "continue a run's folder, bit for bit, with its own settings");
  const own = ["imageSize", "name", "widths", "layers", "latentChannels", "reconstruction", "klWeight", "steps"];
  root
    .command("train-vae [data]")
    .description("train an autoencoder for latents; [data] is digits (the default), digits:test or folder:DIR")
    .addOption(
      resume.conflicts([
        ...own,
        "batchSize",
        "learningRate",
        "seed",
        "pictureEvery",
        "checkpointEvery",
        "backend",
        "runs",
        "moveAside",
      ]),
    )
    .option("--image-size <n>", "height and width of the images; needed for folders", count)
    .option("--name <name>", "the run's folder", vaeRunDefaults.name)
    .option(
      "--widths <list>",
      "channels of each level, the finest first; each level but the last halves the sides",
      counts,
      model.widths,
    )
    .option("--layers <n>", "residual blocks of a level", count, model.layers)
    .option("--latent-channels <n>", "channels of a latent", count, model.latentChannels)
    .addOption(
      new Option("--reconstruction <loss>", "how far an image is from its reconstruction")
        .choices(reconstructionLosses)
        .default(objective.reconstruction),
    )
    .option("--kl-weight <x>", "what a nat of the latents counts", real, objective.klWeight)
    .option("--steps <n>", "optimiser steps", count, train.steps)
    .option("--batch-size <n>", "images in a step", count, train.batchSize)
    .option("--learning-rate <x>", "AdamW's step size, which falls along a cosine", real, train.learningRate)
    .option("--seed <n>", "decides weights, noise and order", whole, train.seed)
    .option("--picture-every <n>", "steps between two pictures of reconstructions", count, sample.everySteps)
    .option("--checkpoint-every <n>", "steps that a killed run can lose at most", count, checkpoint.everySteps)
    .option("--runs <folder>", "where runs lie", "runs")
    .option("--move-aside", "rename an earlier run of the same name instead of refusing to start")
    .addOption(backendOption())
    .addOption(jsonOption())
    .action(async (data, options) => {
      if (options.resume !== undefined && data !== undefined)
        throw new ConfigError("--resume continues a run with its own images; leave the data out");
      const { widths, layers, latentChannels, reconstruction, klWeight } = options;
      const { steps, batchSize, learningRate, seed } = options;
      const config: VaeRunConfig = {
        ...vaeRunDefaults,
        ...{ name: options.name, data: data ?? vaeRunDefaults.data, imageSize: options.imageSize ?? null },
        backend: backends[options.backend],
        model: { widths: [...widths], layers, latentChannels },
        objective: { reconstruction, klWeight },
        train: { steps, batchSize, learningRate, seed },
        sample: { everySteps: options.pictureEvery },
        checkpoint: { ...checkpoint, everySteps: options.checkpointEvery },
      };
      const summary = await trainVaeCommand({
        from: options.resume === undefined ? { config } : { resume: options.resume },
        root: options.runs,
        moveAside: options.moveAside ?? false,
        progress: progressFor("train-vae", options.json),
      });
      const { run, step, report } = summary;
      answer(options.json, summary, `${run}: ${step} steps; open ${report}; use it with --vae ${run}`);
    });
}
