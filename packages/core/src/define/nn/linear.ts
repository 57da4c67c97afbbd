import { apply } from "../../ir/apply";
import { split } from "../../ir/create";
import type { F32 } from "../../ir/tensor";
import { type Initialization, type Params, param } from "../params";

/** A linear map from `inner` to `out` channels; the weight is [out, inner], as in PyTorch. */
export function linearSpec(
  inner: number,
  out: number,
  init: Initialization = { kind: "xavierUniform", fanIn: inner, fanOut: out },
) {
  return { weight: param([out, inner], init), bias: param([out], { kind: "zeros" }) };
}

/** x: [..., inner] -> [..., out] */
export function linear(p: Params<ReturnType<typeof linearSpec>>, x: F32): F32 {
  return apply("linear", [x, p.weight, p.bias], {});
}

/**
 * The linear's output cut into `count` equal parts, as as many linears: cutting the weight's rows moves far less memory
 * than cutting the tokens, and than joining their gradients. x: [..., inner] -> count x [..., out / count]
 */
export function splitLinear(p: Params<ReturnType<typeof linearSpec>>, x: F32, count: number): F32[] {
  const weights = split(p.weight, count, 0);
  const biases = split(p.bias, count, 0);
  return weights.map((weight, i) => linear({ weight, bias: biases[i]! }, x));
}
