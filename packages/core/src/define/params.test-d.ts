import type { F32 } from "../ir/tensor";
import type { ditBlockSpec } from "./dit/block";
import { ditConfig } from "./dit/config";
import type { DiTParams } from "./dit/dit";
import { type Params, param } from "./params";

// Checked by tsc: each line under an expected error must not compile. Nothing here runs.

export const block = (p: Params<ReturnType<typeof ditBlockSpec>>): F32[] => [
  p.attn.qkv.weight,
  p.adaLN_modulation[1].bias,
  // @ts-expect-error a misspelt parameter
  p.attn.qkvv.weight,
  // @ts-expect-error a misspelt leaf
  p.mlp.fc2.wieght,
  // @ts-expect-error index 0 is the SiLU, which has no parameters
  p.adaLN_modulation[0].weight,
];

export const whole = (p: DiTParams): (F32 | undefined)[] => [
  p.pos_embed,
  p.blocks[0]?.attn.proj.bias,
  p.t_embedder.mlp[2].weight,
  p.final_layer.linear.weight,
  // @ts-expect-error a misspelt part
  p.final_layers.linear.weight,
  // @ts-expect-error a block may not be there
  p.blocks[0].attn,
];

/** A parameter's tree cannot be changed. */
export function readOnly(p: DiTParams, x: F32): void {
  // @ts-expect-error read only
  p.pos_embed = x;
}

export const misspeltSettings = [
  // @ts-expect-error an unknown setting
  () => ditConfig("DiT-S/2", { hiddensize: 4 }),
  // @ts-expect-error an unknown design
  () => ditConfig("DiT-S/2", { conditioning: "adaLN-Zero" }),
  // @ts-expect-error an unknown kind of initialization
  () => param([2], { kind: "twos" }),
];
