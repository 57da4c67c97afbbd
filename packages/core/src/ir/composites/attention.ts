import { softmax } from "../create";
import type { Composite } from "../ops";
import { requireFloat, requireSameDType } from "../primitives/rules";
import { sameShape } from "../shape";
import type { F32 } from "../tensor";

/**
 * Scaled dot-product attention (arXiv 1706.03762, section 3.2). The gradient is written with the probabilities, which a fused
 * forward kernel never writes: `shareProbabilities` decides whether they are computed again. The row sums it needs are those
 * of dO * O (arXiv 2205.14135, appendix B).
 */
export const attention: Composite<"attention"> = {
  infer: ([q, k, v], { heads }, fail) => {
    requireFloat(q, fail);
    requireSameDType([q, k, v], fail);
    if (q.rank !== 3) fail("needs tokens [N, T, D]");
    if (q.shape[2]! % heads !== 0) fail(`a width of ${q.shape[2]} does not split into ${heads} heads`);
    if (!sameShape(k.shape, v.shape)) fail("keys and values differ in shape");
    if (k.shape[0] !== q.shape[0] || k.shape[2] !== q.shape[2]) fail("queries and keys differ in batch or width");
    return { dtype: q.dtype, shape: q.shape };
  },
  decompose: ([q, k, v], { heads }) => {
    const query = q.mul(scale(q, heads));
    return joinHeads(probabilities(query, k, heads).matmul(splitHeads(v, heads)));
  },
  // The scale is applied to tokens, never to scores, of which there are many times as many.
  gradient: (g, [q, k, v], { heads }, output) => {
    const query = q.mul(scale(q, heads));
    const p = probabilities(query, k, heads);
    const dOut = splitHeads(g, heads);
    const dProbabilities = dOut.matmul(splitHeads(v, heads), { transposeB: true });
    const rowSums = dOut.mul(splitHeads(output, heads)).sum([-1], { keepDims: true });
    const dScores = p.mul(dProbabilities.sub(rowSums));
    return [
      joinHeads(dScores.matmul(splitHeads(k, heads))).mul(scale(q, heads)),
      joinHeads(dScores.matmul(splitHeads(query, heads), { transposeA: true })),
      joinHeads(p.matmul(dOut, { transposeA: true })),
    ];
  },
};

/** softmax(q k^T) for scaled queries: [N, T, D] and [N, S, D] -> [N, H, T, S] */
function probabilities(query: F32, k: F32, heads: number): F32 {
  return softmax(splitHeads(query, heads).matmul(splitHeads(k, heads), { transposeB: true }));
}

/** 1 / sqrt(D / H) */
function scale(q: F32, heads: number): number {
  return (q.shape[2]! / heads) ** -0.5;
}

/** [N, T, D] -> [N, H, T, D / H] */
function splitHeads(x: F32, heads: number): F32 {
  const [n, t, d] = x.shape as [number, number, number];
  return x.reshape([n, t, heads, d / heads]).transpose([0, 2, 1, 3]);
}

/** [N, H, T, D / H] -> [N, T, D] */
function joinHeads(x: F32): F32 {
  const [n, h, t, k] = x.shape as [number, number, number, number];
  return x.transpose([0, 2, 1, 3]).reshape([n, t, h * k]);
}
