import type { F32 } from "../../ir/tensor";
import type { Params } from "../params";
import { scaledRmsNorm, scaledRmsNormSpec } from "./rmsNorm";

/** One scale for the queries' channels and one for the keys', the same in every head. */
export function qkNormSpec(headSize: number) {
  return { q_norm: scaledRmsNormSpec(headSize), k_norm: scaledRmsNormSpec(headSize) };
}

/** What an attention's parameters hold where its queries and keys are normalised. */
export type QkNormParams = Partial<Params<ReturnType<typeof qkNormSpec>>>;

/**
 * Normalises queries or keys head by head, so that no score outgrows the softmax (arXiv 2302.05442, section 2;
 * arXiv 2403.03206, section 5.3); without parameters, leaves them alone. x: [N, T, D] -> [N, T, D]
 */
export function headNorm(p: QkNormParams["q_norm"], x: F32, heads: number): F32 {
  if (p === undefined) return x;
  const [n, t, d] = x.shape as [number, number, number];
  return scaledRmsNorm(p, x.reshape([n, t, heads, d / heads])).reshape(x.shape);
}
