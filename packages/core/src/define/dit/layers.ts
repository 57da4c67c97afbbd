import { sizeOf } from "../../ir/shape";
import type { F32 } from "../../ir/tensor";
import { type Rotation, selfAttention, selfAttentionSpec } from "../nn/attention";
import { crossAttention, crossAttentionSpec } from "../nn/crossAttention";
import { affineLayerNorm, affineLayerNormSpec, layerNorm } from "../nn/layerNorm";
import { mlp, mlpSpec } from "../nn/mlp";
import { qkNormSpec } from "../nn/qkNorm";
import { rmsNorm, scaledRmsNorm, scaledRmsNormSpec } from "../nn/rmsNorm";
import { swiglu, swigluSpec } from "../nn/swiglu";
import type { Params } from "../params";
import type { MlpName, NormName } from "./blockOptions";
import type { DiTConfig } from "./config";
import { rope } from "./rope";

const norms = {
  layer: { norm: layerNorm, affineSpec: affineLayerNormSpec, affineNorm: affineLayerNorm },
  rms: { norm: rmsNorm, affineSpec: scaledRmsNormSpec, affineNorm: scaledRmsNorm },
} satisfies Record<NormName, object>;

const mlps = {
  gelu: { spec: mlpSpec, mlp },
  swiglu: { spec: swigluSpec, mlp: swiglu },
} satisfies Record<MlpName, object>;

/** The parameters of the layers that blocks are made of, as a configuration's options have them. */
export function layerSpecs({ hiddenSize, heads, mlpRatio, norm, mlp, qkNorm }: DiTConfig) {
  const qkNorms = qkNorm ? qkNormSpec(hiddenSize / heads) : {};
  return {
    affineNorm: norms[norm].affineSpec(hiddenSize),
    selfAttention: { ...selfAttentionSpec(hiddenSize), ...qkNorms },
    crossAttention: { ...crossAttentionSpec(hiddenSize), ...qkNorms },
    mlp: mlps[mlp].spec(hiddenSize, Math.floor(hiddenSize * mlpRatio)),
  };
}

type LayerParams = Params<ReturnType<typeof layerSpecs>>;

/** The layers themselves. x: tokens [N, S, D], context: [N, E, D] -> [N, S, D] */
export interface Layers {
  /** Without affine parameters. */
  norm(x: F32): F32;
  /** The same before a block's MLP, whose epsilon may be another. */
  mlpNorm(x: F32): F32;
  affineNorm(p: LayerParams["affineNorm"], x: F32): F32;
  selfAttention(p: LayerParams["selfAttention"], x: F32): F32;
  crossAttention(p: LayerParams["crossAttention"], x: F32, context: F32): F32;
  mlp(p: LayerParams["mlp"], x: F32): F32;
}

/** One set of layers serves all blocks, so that what they share (the rotations) is made once. */
export function layersOf(config: DiTConfig): Layers {
  const { heads } = config;
  const rotate: Rotation | undefined = config.rope ? rope(config) : undefined;
  return {
    norm: (x) => norms[config.norm].norm(x),
    mlpNorm: (x) => norms[config.norm].norm(x, config.mlpNormEpsilon),
    affineNorm: norms[config.norm].affineNorm,
    selfAttention: (p, x) => selfAttention(p, x, heads, rotate),
    crossAttention: (p, x, context) => crossAttention(p, x, context, heads),
    mlp: mlps[config.mlp].mlp,
  };
}

/** Multiply-adds of the MLP for one token: one for each weight. */
export function mlpMultiplyAdds(config: DiTConfig): number {
  return Object.values(layerSpecs(config).mlp).reduce((sum, { weight }) => sum + sizeOf(weight.shape), 0);
}
