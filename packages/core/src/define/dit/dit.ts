import { inPart } from "../../ir/scope";
import type { F32, I32 } from "../../ir/tensor";
import { type Params, param } from "../params";
import { ditBlock, ditBlockSpec } from "./block";
import { type DiTConfig, tokenCount } from "./config";
import { finalLayer, finalLayerSpec } from "./finalLayer";
import { labelEmbedding, labelEmbeddingSpec } from "./labelEmbedding";
import { embedPatches, patchEmbeddingSpec, unpatchify } from "./patchify";
import { positionalTable } from "./positionalTable";
import { timestepEmbedding, timestepEmbeddingSpec } from "./timestepEmbedding";

/** The parameters of a DiT. Their paths are the official state-dict names. */
export function ditSpec(config: DiTConfig) {
  const { hiddenSize, inputSize, patchSize } = config;
  const [rows, columns] = [inputSize[0] / patchSize, inputSize[1] / patchSize];
  return {
    pos_embed: param([1, tokenCount(config), hiddenSize], {
      kind: "fixed",
      values: () => Float32Array.from(positionalTable(hiddenSize, rows, columns)),
    }),
    x_embedder: patchEmbeddingSpec(config),
    t_embedder: timestepEmbeddingSpec(hiddenSize),
    y_embedder: labelEmbeddingSpec(config),
    blocks: Array.from({ length: config.depth }, () => ditBlockSpec(config)),
    final_layer: finalLayerSpec(config),
  };
}

export type DiTParams = Params<ReturnType<typeof ditSpec>>;

/**
 * The Diffusion Transformer (arXiv 2212.09748).
 * x: noised images or latents [N, C, I, J], t: timesteps [N] in 0..999, y: labels [N] -> [N, out, I, J]
 */
export function dit(p: DiTParams, x: F32, t: F32, y: I32, config: DiTConfig): F32 {
  const patches = inPart("x_embedder", () => embedPatches(p.x_embedder, x, config)); // [N, T, D]
  let tokens = inPart("pos_embed", () => patches.add(p.pos_embed)); // [N, T, D]
  const ofTime = inPart("t_embedder", () => timestepEmbedding(p.t_embedder, t)); // [N, D]
  const ofLabel = inPart("y_embedder", () => labelEmbedding(p.y_embedder, y)); // [N, D]
  const c = inPart("conditioning", () => ofTime.add(ofLabel)); // [N, D]
  p.blocks.forEach((block, i) => {
    tokens = inPart(`blocks.${i}`, () => ditBlock(block, tokens, c, config)); // [N, T, D]
  });
  return unpatchify(
    inPart("final_layer", () => finalLayer(p.final_layer, tokens, c)),
    config,
  );
}
