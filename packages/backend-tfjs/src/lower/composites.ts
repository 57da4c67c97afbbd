import { type CompositeName, sizeOf } from "@dit/core/internal";
import { reshape } from "./primitives";
import type { LoweringOf } from "./tables";

/** The composites that every device has kernels for. */
export const composites = {
  sigmoid: (k, _, [x]) => k.run("Sigmoid", { x }),
  silu: (k, _, [x]) => k.run("Multiply", { a: x, b: k.run("Sigmoid", { x }) }),
  softmax: (k, { rank }, [logits]) => k.run("Softmax", { logits }, { dim: rank - 1 }),
} as const satisfies { readonly [C in CompositeName]?: LoweringOf<C> };

/** A product with its bias, in one kernel. */
export const linear: LoweringOf<"linear"> = (k, { shape, inputs: [, weight] }, [x, w, bias]) => {
  const [out, inner] = weight.shape as [number, number];
  const a = reshape(k, x, [1, sizeOf(shape) / out, inner]);
  const b = reshape(k, w, [1, out, inner]);
  const attributes = { transposeA: false, transposeB: true, activation: "linear" };
  return reshape(k, k.run("_FusedMatMul", { a, b, bias }, attributes), shape);
};
