import { concat } from "../../ir/create";
import { DitError } from "../../ir/errors";
import { inPart } from "../../ir/scope";
import type { F32, I32 } from "../../ir/tensor";
import { perToken } from "../nn/modulate";
import type { Params } from "../params";
import type { DiTConfig } from "./config";
import { labelEmbedding, labelEmbeddingSpec } from "./labelEmbedding";
import { timestepEmbedding, timestepEmbeddingSpec } from "./timestepEmbedding";

/** An unconditional model has no label table at all. */
export function conditioningSpec(config: DiTConfig) {
  return {
    t_embedder: timestepEmbeddingSpec(config.hiddenSize),
    ...(config.numClasses === 0 ? {} : { y_embedder: labelEmbeddingSpec(config) }),
  };
}

/**
 * What the network is told: the timestep and, where there are classes, the label. t, y: [N] -> 2 x [N, D], or 1
 * @throws DitError when a model of classes is given no labels
 */
export function embedConditioning(
  p: Params<ReturnType<typeof conditioningSpec>>,
  t: F32,
  y: I32 | undefined,
  config: DiTConfig,
): readonly F32[] {
  const ofTime = inPart("t_embedder", () => timestepEmbedding(p.t_embedder, t, config));
  const { y_embedder } = p;
  if (y_embedder === undefined) return [ofTime];
  if (y === undefined) throw new DitError("this model knows classes: give the network labels y, one for each sample");
  return [ofTime, inPart("y_embedder", () => labelEmbedding(y_embedder, y))];
}

/** How many vectors that makes. */
export function conditioningCount({ numClasses }: DiTConfig): number {
  return numClasses === 0 ? 1 : 2;
}

/** One vector for all. E x [N, D] -> [N, D] */
export function summed(embeddings: readonly F32[]): F32 {
  return embeddings.reduce((sum, x) => sum.add(x));
}

/** A short sequence. E x [N, D] -> [N, E, D] */
export function sequence(embeddings: readonly F32[]): F32 {
  return concat(embeddings.map(perToken), 1);
}
