import type { Command } from "@commander-js/extra-typings";
import { encodeCommand } from "../commands/encode";
import { backends } from "../openBackend";
import { count } from "./optionValues";
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
