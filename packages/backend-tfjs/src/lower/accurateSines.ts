import type { F32, Graph } from "@dit/core";
import { inScope, rewrite } from "@dit/core/internal";

/**
 * Sines and cosines from products and sums: graphics processors answer them from a coarse table (WGSL allows an error of
 * 2^-11 near 0 and any error far from it), which a timestep's embedding does not bear.
 */
export function accurateSines(graph: Graph): Graph {
  return rewrite(graph, (node) => {
    const x = node.inputs[0] as F32;
    if (node.is("sin"))
      return inScope(node.scope, () =>
        sine(
          x,
          x
            .mul(1 / Math.PI)
            .add(0.5)
            .floor(),
          0,
        ),
      );
    if (node.is("cos")) return inScope(node.scope, () => sine(x, x.mul(1 / Math.PI).floor(), 0.5).neg());
    return node;
  });
}

/** The part of pi whose products with whole numbers below 2^15 are exact in f32, and the rest. */
const highPi = 3.140625;
const lowPi = Math.PI - highPi;

/** (-1)^n sin(r) with r = x - (n + shift) pi, which lies within a quarter turn of 0: the series to r^11 errs by 6e-8, its rounded coefficients by as much. */
function sine(x: F32, n: F32, shift: number): F32 {
  const r = x
    .sub(n.mul(highPi))
    .sub(n.mul(lowPi))
    .sub(shift * Math.PI);
  const squared = r.square();
  const series = seriesOfSine.reduce(
    (sum, coefficient) => sum.mul(squared).add(coefficient),
    squared.mul(-1 / 39916800),
  );
  const odd = n.sub(n.mul(0.5).floor().mul(2));
  return r.mul(series).mul(odd.mul(-2).add(1));
}

/** 1/9!, -1/7!, 1/5!, -1/3!, 1 */
const seriesOfSine = [1 / 362880, -1 / 5040, 1 / 120, -1 / 6, 1];
