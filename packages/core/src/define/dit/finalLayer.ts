import { silu, split } from "../../ir/create";
import type { F32 } from "../../ir/tensor";
import { linear, linearSpec } from "../nn/linear";
import { modulate } from "../nn/modulate";
import type { Params } from "../params";
import { type DiTConfig, outChannels } from "./config";
import { type Layers, layerSpecs } from "./layers";

const zeros = { kind: "zeros" } as const;

/** From tokens to the pixels of their patches. Zero in every design, so that a fresh model puts out 0. */
function decoderSpec(config: DiTConfig) {
  return linearSpec(config.hiddenSize, config.patchSize ** 2 * outChannels(config), zeros);
}

export function finalLayerSpec(config: DiTConfig) {
  return {
    linear: decoderSpec(config),
    adaLN_modulation: { 1: linearSpec(config.hiddenSize, 2 * config.hiddenSize, zeros) },
  };
}

/** The adaptive norm and the linear decoder (arXiv 2212.09748, section 3.2). x: [N, T, D], c: [N, D] -> [N, T, P * P * out] */
export function finalLayer(p: Params<ReturnType<typeof finalLayerSpec>>, x: F32, c: F32, { norm }: Layers): F32 {
  const [shift, scale] = split(linear(p.adaLN_modulation[1], silu(c)), 2) as [F32, F32]; // 2 x [N, D]
  return linear(p.linear, modulate(norm(x), shift, scale));
}

export function plainFinalLayerSpec(config: DiTConfig) {
  return { norm_final: layerSpecs(config).affineNorm, linear: decoderSpec(config) };
}

type PlainParams = Params<ReturnType<typeof plainFinalLayerSpec>>;

/** The same with an ordinary norm, for designs whose blocks are not modulated either. x: [N, T, D] -> [N, T, P * P * out] */
export function plainFinalLayer(p: PlainParams, x: F32, _c: F32, { affineNorm }: Layers): F32 {
  return linear(p.linear, affineNorm(p.norm_final, x));
}
