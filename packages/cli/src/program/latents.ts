import { type Command, Option } from "@commander-js/extra-typings";
import { reconstructionLosses, vaeObjectiveDefaults } from "@dit/vae";
import { encodeCommand } from "../commands/encode";
import { trainVaeCommand } from "../commands/trainVae";
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
  root
    .command("train-vae <data>")
    .description("train an autoencoder for latents; <data> is digits, digits:test or folder:DIR")
    .option("--image-size <n>", "height and width of the images; needed for folders", count)
    .option(
      "--widths <list>",
      "channels of each level, the finest first; each level but the last halves the sides",
      counts,
      [32, 64, 64],
    )
    .option("--layers <n>", "residual blocks of a level", count, 1)
    .option("--latent-channels <n>", "channels of a latent", count, 4)
    .addOption(
      new Option("--reconstruction <loss>", "how far an image is from its reconstruction")
        .choices(reconstructionLosses)
        .default(vaeObjectiveDefaults.reconstruction),
    )
    .option("--kl-weight <x>", "what a nat of the latents counts", real, vaeObjectiveDefaults.klWeight)
    .option("--steps <n>", "optimiser steps", count, 1000)
    .option("--batch-size <n>", "images in a step", count, 32)
    .option("--learning-rate <x>", "AdamW's step size, which falls along a cosine", real, 1e-3)
    .option("--seed <n>", "decides weights, noise and order", whole, 0)
    .option("--out <folder>", "gets the autoencoder as a folder of diffusers", "vae")
    .addOption(backendOption())
    .addOption(jsonOption())
    .action(async (data, { imageSize, backend, json, ...options }) => {
      const summary = await trainVaeCommand({
        ...{ data, ...options, backend: backends[backend] },
        ...(imageSize === undefined ? {} : { imageSize }),
        progress: progressFor("train-vae", json),
      });
      const { out, step, reconstruction, scalingFactor } = summary;
      const error = reconstruction === null ? "" : `, error ${reconstruction.toFixed(4)}`;
      answer(json, summary, `${out}: ${step} steps${error}, latents scaled by ${scalingFactor.toFixed(4)}`);
    });
}
