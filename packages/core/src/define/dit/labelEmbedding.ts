import type { F32, I32 } from "../../ir/tensor";
import { type Params, param } from "../params";
import { type DiTConfig, labelCount } from "./config";

/** One row per class, and one for the null label when labels are dropped in training. */
export function labelEmbeddingSpec(config: DiTConfig) {
  const { hiddenSize, labelStd } = config;
  return { embedding_table: { weight: param([labelCount(config), hiddenSize], { kind: "normal", std: labelStd }) } };
}

/** y: labels [N] -> [N, D]. Which labels are dropped is decided on the host: a dropped one arrives as the null label. */
export function labelEmbedding(p: Params<ReturnType<typeof labelEmbeddingSpec>>, y: I32): F32 {
  return p.embedding_table.weight.gather(y);
}
