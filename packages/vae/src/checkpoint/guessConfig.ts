import { ConfigError, type Shape } from "@dit/core";
import { type AutoencoderKLConfig, klConfig, klDefaults } from "../config/klConfig";
import { type AutoencoderTinyConfig, tinyConfig } from "../config/tinyConfig";
import type { VaeConfig } from "../vae";

/** Shapes of tensors by name, as diffusers names them. */
export type Shapes = ReadonlyMap<string, Shape>;

/** What shapes do not tell, and whoever has no configuration must say. */
export type VaeOptions = Partial<Pick<AutoencoderKLConfig, "normNumGroups" | "scalingFactor" | "shiftFactor">>;

/**
 * The autoencoder that bare weights are of. Its norms have 32 groups unless told otherwise, and latents of 4 channels are
 * scaled as Stable Diffusion's.
 * @throws ConfigError naming what neither the shapes nor `given` tell
 */
export function guessVaeConfig(shapes: Shapes, given: VaeOptions = {}): VaeConfig {
  return shapes.has("encoder.layers.0.weight") ? guessTiny(shapes) : guessKL(shapes, given);
}

function guessKL(shapes: Shapes, given: VaeOptions): AutoencoderKLConfig {
  const levels = countOf(shapes, /^encoder\.down_blocks\.(\d{1,2})\./);
  const each = Array.from({ length: levels }, (_, i) => i);
  const has = (pattern: RegExp) => [...shapes.keys()].some((name) => pattern.test(name));
  const latentChannels = size(shapes, "decoder.conv_in.weight", 1);
  if (latentChannels !== klDefaults.latentChannels && given.scalingFactor === undefined) {
    throw new ConfigError(
      `weights do not tell how their latents of ${latentChannels} channels are scaled; give scalingFactor`,
    );
  }
  return klConfig({
    inChannels: size(shapes, "encoder.conv_in.weight", 1),
    outChannels: size(shapes, "decoder.conv_out.weight", 0),
    blockOutChannels: each.map((i) => size(shapes, `encoder.down_blocks.${i}.resnets.0.conv1.weight`, 0)),
    downBlockTypes: each.map((i) =>
      has(new RegExp(`^encoder\\.down_blocks\\.${i}\\.attentions\\.`))
        ? "AttnDownEncoderBlock2D"
        : "DownEncoderBlock2D",
    ),
    upBlockTypes: each.map((i) =>
      has(new RegExp(`^decoder\\.up_blocks\\.${i}\\.attentions\\.`)) ? "AttnUpDecoderBlock2D" : "UpDecoderBlock2D",
    ),
    layersPerBlock: countOf(shapes, /^encoder\.down_blocks\.0\.resnets\.(\d{1,2})\./),
    latentChannels,
    useQuantConv: shapes.has("quant_conv.weight"),
    usePostQuantConv: shapes.has("post_quant_conv.weight"),
    midBlockAddAttention: has(/\.mid_block\.attentions\./),
    ...given,
  });
}

/** Levels are told apart by the layers without a bias with which each begins, or ends. */
function guessTiny(shapes: Shapes): AutoencoderTinyConfig {
  const width = (side: "encoder" | "decoder") => size(shapes, `${side}.layers.0.weight`, 0);
  const encoder = runsOfBlocks(shapes, "encoder");
  const decoder = runsOfBlocks(shapes, "decoder");
  return tinyConfig({
    inChannels: size(shapes, "encoder.layers.0.weight", 1),
    outChannels: [...shapes].findLast(([name]) => /^decoder\.layers\.\d+\.weight$/.test(name))?.[1][0] ?? 0,
    encoderBlockOutChannels: encoder.map(() => width("encoder")),
    decoderBlockOutChannels: decoder.map(() => width("decoder")),
    numEncoderBlocks: encoder,
    numDecoderBlocks: decoder,
    latentChannels: size(shapes, "decoder.layers.0.weight", 1),
  });
}

/** How many residual blocks stand in a row, for each row. */
function runsOfBlocks(shapes: Shapes, side: "encoder" | "decoder"): number[] {
  const isBlock = (i: number) => shapes.has(`${side}.layers.${i}.conv.0.weight`);
  const last = countOf(shapes, new RegExp(`^${side}\\.layers\\.(\\d{1,3})\\.`));
  const runs: number[] = [];
  for (let i = 0; i < last; i++) {
    if (!isBlock(i)) continue;
    if (isBlock(i - 1)) runs[runs.length - 1]!++;
    else runs.push(1);
  }
  return runs;
}

/** One more than the largest number in the place of the pattern's group. */
function countOf(shapes: Shapes, pattern: RegExp): number {
  let count = 0;
  for (const name of shapes.keys()) {
    const index = pattern.exec(name)?.[1];
    if (index !== undefined) count = Math.max(count, Number(index) + 1);
  }
  return count;
}

function size(shapes: Shapes, name: string, axis: number): number {
  const length = shapes.get(name)?.[axis];
  if (length === undefined)
    throw new ConfigError(`tensor ${name} is missing: these are not the weights of an autoencoder`);
  return length;
}
