import { type Command, Option } from "@commander-js/extra-typings";
import {
  ConfigError,
  diffusionForms,
  flowSamplerDefaults,
  sampleDefaults,
  samplerNames,
  spacingNames,
} from "@dit/core";
import { sampleCommand, samplePrecisions } from "../commands/sample";
import { sampleSetCommand } from "../commands/sampleSet";
import { backends } from "../openBackend";
import { count, fraction, interval, oneOf, real, shard, whole } from "./optionValues";
import { answer, backendOption, jsonOption, progressFor } from "./shared";

/** `dit sample` */
export function addSample(root: Command): void {
  root
    .command("sample <model>")
    .description("draw images; <model> is a run, a checkpoint or a .safetensors file")
    .option("--class <list>", "classes by number or name, separated by commas (default: all)")
    .option("--per-class <n>", "images of each class", count, 4)
    .option(
      "--sampler <name>",
      `how the noise is removed: ${samplerNames.join(", ")} (default: ddim, or heun2 for a flow)`,
      oneOf(samplerNames),
    )
    .option("--steps <n>", "steps to an image", count, 50)
    .option(
      "--spacing <name>",
      `which noise levels the steps visit: ${spacingNames.join(", ")}`,
      oneOf(spacingNames),
      sampleDefaults.spacing,
    )
    .option("--cfg <scale>", "guidance scale; 1 is none (default: 1.5, or 1 for a model that cannot be guided)", real)
    .addOption(
      new Option("--guide <channels>", "channels that are guided")
        .choices(["all", "3"] as const)
        .default("all" as const),
    )
    .option("--guidance-interval <from,to>", "timesteps at which images are guided (default: all)", interval)
    .option("--guidance-rescale <x>", "how far guidance is kept from raising contrast, 0 to 1", fraction, 0)
    .option("--eta <x>", "DDIM's noise, 0 to 1", fraction, 0)
    .addOption(
      new Option("--precision <name>", "what the network computes in, or what its weights are held in")
        .choices(samplePrecisions)
        .default("f32" as const),
    )
    .addOption(
      new Option("--diffusion-form <form>", "how much noise sdeEuler and sdeHeun add when")
        .choices(Object.keys(diffusionForms) as (keyof typeof diffusionForms)[])
        .default(flowSamplerDefaults.diffusionForm),
    )
    .addOption(
      new Option("--last-step <kind>", "how sdeEuler and sdeHeun end")
        .choices(["mean", "euler", "tweedie", "none"] as const)
        .default(flowSamplerDefaults.lastStep),
    )
    .option("--vae <path>", "autoencoder that decodes latents (default: that of the model's pipeline or run)")
    .option("--vae-tile <cells>", "decode in tiles of so many latent cells to a side, in the memory of one", count)
    .option("--no-clip", "let implied images leave [-1, 1], as latents do")
    .option("--seed <n>", "decides the noise", whole, 0)
    .option("--batch <n>", "images drawn at a time; changes speed, not images", count, 50)
    .option(
      "--out <file>",
      "PNG grid (default: the first free of samples.png, samples-2.png, ..., unless --npz is given)",
    )
    .option("--npz <path>", "arr_0: images, uint8 NHWC; arr_1: labels; with --n a folder of such files")
    .option(
      "--n <count>",
      "draw a large set, of random classes, into the folder that --npz names; goes on after a kill",
      count,
    )
    .option("--shard <i/k>", "with --n: the i-th of k parts, for k processes on one folder", shard)
    .addOption(backendOption())
    .addOption(jsonOption())
    .action(async (model, options) => {
      const { sampler, steps, spacing, cfg, eta, clip, guide, guidanceRescale, diffusionForm, lastStep } = options;
      const settings = {
        ...(sampler === undefined ? {} : { sampler }),
        ...{ steps, spacing, eta, clip, guidanceRescale },
        guidanceChannels: guide === "3" ? (3 as const) : ("all" as const),
        guidanceInterval: options.guidanceInterval ?? null,
        flow: { ...flowSamplerDefaults, diffusionForm, lastStep },
      };
      const command = {
        ...{ model, settings, seed: options.seed, batch: options.batch, backend: backends[options.backend] },
        classes: options.class?.split(",").map((name) => name.trim()) ?? [],
        ...(cfg === undefined ? {} : { guidance: cfg }),
        precision: options.precision,
        ...(options.vae === undefined ? {} : { vae: options.vae }),
        ...(options.vaeTile === undefined ? {} : { tiling: { size: options.vaeTile } }),
        progress: progressFor("sample", options.json),
      };
      const { n, npz, out } = options;
      if (n === undefined) {
        if (options.shard !== undefined) throw new ConfigError("--shard is a part of --n pictures: give --n");
        const files = { ...(out === undefined ? {} : { out }), ...(npz === undefined ? {} : { npz }) };
        const summary = await sampleCommand({ ...command, ...files, perClass: options.perClass });
        const written = [summary.out, summary.npz].filter((file) => file !== null).join(" and ");
        answer(options.json, summary, `${summary.images} images in ${summary.seconds.toFixed(1)} s: ${written}`);
        return;
      }
      if (npz === undefined || out !== undefined)
        throw new ConfigError("--n writes a folder of npz files: name it with --npz");
      const part = options.shard ?? { index: 0, count: 1 };
      const summary = await sampleSetCommand({ ...command, size: n, shard: part, folder: npz });
      const { drawn, seconds, files } = summary;
      answer(options.json, summary, `${drawn} images in ${seconds.toFixed(1)} s: ${files.length} files in ${npz}`);
    });
}
