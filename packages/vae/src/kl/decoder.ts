import { conv2d, conv2dSpec, type F32, groupNorm, groupNormSpec, type Params, silu, upsampleNearest } from "@dit/core";
import { inPart } from "@dit/core/internal";
import type { AutoencoderKLConfig } from "../config/klConfig";
import { level, levelSpec } from "./level";
import { midBlock, midBlockSpec } from "./midBlock";

/** A middle, then levels from the coarsest to the finest, each with one residual block more than the encoder's. */
export function decoderSpec(config: AutoencoderKLConfig) {
  const { outChannels, layersPerBlock, latentChannels } = config;
  const widths = config.blockOutChannels.toReversed();
  const [coarsest, finest] = [widths[0]!, widths.at(-1)!];
  return {
    conv_in: conv2dSpec(latentChannels, coarsest, 3),
    up_blocks: widths.map((width, i) => ({
      ...levelSpec(widths[i - 1] ?? width, width, layersPerBlock + 1, config.upBlockTypes[i]!.startsWith("Attn")),
      ...(i === widths.length - 1 ? {} : { upsamplers: [{ conv: conv2dSpec(width, width, 3) }] as const }),
    })),
    mid_block: midBlockSpec(coarsest, config.midBlockAddAttention),
    conv_norm_out: groupNormSpec(finest),
    conv_out: conv2dSpec(finest, outChannels, 3),
  };
}

/** z: [N, latentChannels, h, w] -> [N, outChannels, h 2^(levels - 1), w 2^(levels - 1)] */
export function decoder(p: Params<ReturnType<typeof decoderSpec>>, z: F32, config: AutoencoderKLConfig): F32 {
  const begun = inPart("conv_in", () => conv2d(p.conv_in, z, { padding: 1 }));
  const coarse = inPart("mid_block", () => midBlock(p.mid_block, begun, config));
  const fine = p.up_blocks.reduce(
    (h, block, i) =>
      inPart(`up_blocks.${i}`, () => {
        const next = level(block, h, config);
        const double = block.upsamplers?.[0].conv;
        return double === undefined ? next : conv2d(double, upsampleNearest(next, 2), { padding: 1 });
      }),
    coarse,
  );
  // Kept for parity: SiLU here, whatever the activation of the blocks.
  const out = silu(groupNorm(p.conv_norm_out, fine, config.normNumGroups));
  return conv2d(p.conv_out, out, { padding: 1 });
}
