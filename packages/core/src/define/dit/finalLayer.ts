import { silu, split } from "../../ir/create";
import type { F32 } from "../../ir/tensor";
import { layerNorm } from "../nn/layerNorm";
import { linear, linearSpec } from "../nn/linear";
import { modulate } from "../nn/modulate";
import type { Params } from "../params";
import { type DiTConfig, outChannels } from "./config";

export function finalLayerSpec(config: DiTConfig) {
  const zeros = { kind: "zeros" } as const;
  return {
    linear: linearSpec(config.hiddenSize, config.patchSize ** 2 * outChannels(config), zeros),
    adaLN_modulation: { 1: linearSpec(config.hiddenSize, 2 * config.hiddenSize, zeros) },
  };
}

/** The adaptive norm and the linear decoder (arXiv 2212.09748, section 3.2). x: [N, T, D], c: [N, D] -> [N, T, P * P * out] */
export function finalLayer(p: Params<ReturnType<typeof finalLayerSpec>>, x: F32, c: F32): F32 {
  const [shift, scale] = split(linear(p.adaLN_modulation[1], silu(c)), 2) as [F32, F32]; // 2 x [N, D]
  return linear(p.linear, modulate(layerNorm(x), shift, scale));
}
