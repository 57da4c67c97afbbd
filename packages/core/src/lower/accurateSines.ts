import type { Graph } from "../ir/graph";
import { inScope } from "../ir/scope";
import type { F32 } from "../ir/tensor";
import { rewrite } from "./rewrite";

/**
 * Sines and cosines from products and sums: graphics processors answer them from a coarse table (WGSL allows an error of
 * 2^-11 near 0 and any error far from it), which a timestep's embedding does not bear.
 */
export function accurateSines(graph: Graph): Graph {
  return rewrite(graph, (node) => {
    const x = node.inputs[0] as F32;
    if (node.is("sin")) return inScope(node.scope, () => sine(x, 0));
    if (node.is("cos")) return inScope(node.scope, () => sine(x, 0.5).neg());
    return node;
  });
}

/** The part of pi whose products with whole numbers below 2^15 are exact in f32, and the rest. */
const highPi = 3.140625;
const lowPi = Math.PI - highPi;

/**
 * sin(x - shift pi), as (-1)^n sin(r) with r = x - (n + shift) pi within a quarter turn of 0, where the series to r^11 errs by
 * 6e-8. The cosine is minus this for half a shift.
 */
function sine(x: F32, shift: 0 | 0.5): F32 {
  const n = x
    .mul(1 / Math.PI)
    .add(0.5 - shift)
    .floor();
  const whole = n.add(shift);
  const r = x.sub(whole.mul(highPi)).sub(whole.mul(lowPi));
  const squared = r.square();
  const series = higherTerms.reduce((sum, term) => sum.add(term).mul(squared), squared.mul(-1 / 39916800)).add(1);
  const odd = n.sub(n.mul(0.5).floor().mul(2));
  return r.mul(series).mul(odd.mul(-2).add(1));
}

/** 1/9!, -1/7!, 1/5!, -1/3! */
const higherTerms = [1 / 362880, -1 / 5040, 1 / 120, -1 / 6];
