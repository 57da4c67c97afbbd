import { concat } from "../../ir/create";
import { inPart } from "../../ir/scope";
import type { F32, I32 } from "../../ir/tensor";
import { type Params, param } from "../params";
import { type BlockVariant, blockVariants } from "./blockVariants";
import { conditioningSpec, embedConditioning } from "./conditioning";
import { type DiTConfig, gridOf, tokenCount } from "./config";
import { layersOf } from "./layers";
import { embedPatches, patchEmbeddingSpec, unpatchify } from "./patchify";
import { positionalTable } from "./positionalTable";
import { registerTokens, registerTokensSpec } from "./registerTokens";

/** The parameters of a DiT. Their paths are the official state-dict names, or what `docs/architecture.md` says. */
export function ditSpec(config: DiTConfig) {
  const { hiddenSize, conditioning } = config;
  const variant = blockVariants[conditioning];
  return {
    pos_embed: param([1, tokenCount(config), hiddenSize], {
      kind: "fixed",
      values: () => Float32Array.from(positionalTable(hiddenSize, ...gridOf(config))),
    }),
    ...registerTokensSpec(config),
    x_embedder: patchEmbeddingSpec(config),
    ...conditioningSpec(config),
    blocks: Array.from({ length: config.depth }, () => variant.spec(config)),
    final_layer: variant.finalSpec(config),
  };
}

export type DiTParams = Params<ReturnType<typeof ditSpec>>;

/**
 * The Diffusion Transformer (arXiv 2212.09748).
 * x: noised images or latents [N, C, I, J], t: timesteps [N] in 0..999, y: labels [N], which an unconditional model does
 * not read -> [N, out, I, J]
 */
export function dit(p: DiTParams, x: F32, t: F32, y: I32 | undefined, config: DiTConfig): F32 {
  const { condition, isAppended, block, final }: BlockVariant = blockVariants[config.conditioning];
  const layers = layersOf(config);
  const patches = inPart("x_embedder", () => embedPatches(p.x_embedder, x, config)); // [N, T, D]
  const image = inPart("pos_embed", () => patches.add(p.pos_embed)); // [N, T, D]
  const embeddings = embedConditioning(p, t, y, config); // E x [N, D]
  const c = inPart("conditioning", () => condition(embeddings)); // [N, D] or [N, E, D]
  let tokens = concat([image, ...(isAppended ? [c] : []), ...registerTokens(p, x.shape[0]!)], 1); // [N, S, D]
  p.blocks.forEach((params, i) => {
    tokens = inPart(`blocks.${i}`, () => block(params, tokens, c, layers)); // [N, S, D]
  });
  return unpatchify(
    inPart("final_layer", () => final(p.final_layer, tokens.slice(1, 0, tokenCount(config)), c, layers)),
    config,
  );
}
