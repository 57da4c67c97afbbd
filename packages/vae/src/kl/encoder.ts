import { conv2d, conv2dSpec, type F32, groupNorm, groupNormSpec, type Params, silu } from "@dit/core";
import { inPart } from "@dit/core/internal";
import type { AutoencoderKLConfig } from "../config/klConfig";
import { level, levelSpec } from "./level";
import { midBlock, midBlockSpec } from "./midBlock";

/** Levels from the finest to the coarsest, and a middle; it ends in mean and log variance of each latent channel. */
export function encoderSpec(config: AutoencoderKLConfig) {
  const { inChannels, blockOutChannels: widths, layersPerBlock, latentChannels } = config;
  const coarsest = widths.at(-1)!;
  return {
    conv_in: conv2dSpec(inChannels, widths[0]!, 3),
    down_blocks: widths.map((width, i) => ({
      ...levelSpec(widths[i - 1] ?? width, width, layersPerBlock, config.downBlockTypes[i]!.startsWith("Attn")),
      ...(i === widths.length - 1 ? {} : { downsamplers: [{ conv: conv2dSpec(width, width, 3) }] as const }),
    })),
    mid_block: midBlockSpec(coarsest, config.midBlockAddAttention),
    conv_norm_out: groupNormSpec(coarsest),
    conv_out: conv2dSpec(coarsest, 2 * latentChannels, 3),
  };
}

/** A row and a column of zeros after the last, and none before the first: so the original counts when it halves. */
const afterwards = [
  [0, 1],
  [0, 1],
] as const;

/** x: [N, C, H, W] -> [N, 2 latentChannels, H / 2^(levels - 1), W / 2^(levels - 1)] */
export function encoder(p: Params<ReturnType<typeof encoderSpec>>, x: F32, config: AutoencoderKLConfig): F32 {
  const fine = inPart("conv_in", () => conv2d(p.conv_in, x, { padding: 1 }));
  const coarse = p.down_blocks.reduce(
    (h, block, i) =>
      inPart(`down_blocks.${i}`, () => {
        const next = level(block, h, config);
        const halve = block.downsamplers?.[0].conv;
        return halve === undefined ? next : conv2d(halve, next, { stride: 2, padding: afterwards });
      }),
    fine,
  );
  const middle = inPart("mid_block", () => midBlock(p.mid_block, coarse, config));
  // Kept for parity: SiLU here, whatever the activation of the blocks.
  const out = silu(groupNorm(p.conv_norm_out, middle, config.normNumGroups));
  return conv2d(p.conv_out, out, { padding: 1 });
}
