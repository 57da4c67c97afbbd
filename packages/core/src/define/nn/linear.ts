import { apply } from "../../ir/apply";
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
