import { ConfigError } from "../../ir/errors";
import type { Shape } from "../../ir/shape";
import { type DiTConfig, ditConfig, ditDefaults, ditSizes } from "../dit/config";

/** The shapes of a file's tensors by name. */
export type Shapes = ReadonlyMap<string, Shape>;

/**
 * The configuration of official weights, from their names and shapes. What these do not tell is `given`, or that of the
 * official code: the heads follow from the paper's sizes alone, and an input without positional table is given.
 * @throws ConfigError naming what neither the shapes nor `given` tell
 */
export function guessConfig(shapes: Shapes, given: Partial<DiTConfig> = {}): DiTConfig {
  const size = (name: string, axis: number) => {
    const length = shapes.get(name)?.[axis];
    if (length === undefined) throw new ConfigError(`tensor ${name} is missing: these are not the weights of a DiT`);
    return length;
  };
  const [hiddenSize, inChannels] = [size("x_embedder.proj.weight", 0), size("x_embedder.proj.weight", 1)];
  const patchSize = size("x_embedder.proj.weight", 2);
  const depth = depthOf(shapes.keys());
  const labels = shapes.get("y_embedder.embedding_table.weight")?.[0];
  const hasScales = size("blocks.0.adaLN_modulation.1.weight", 0) === 4 * hiddenSize;
  return ditConfig(undefined, {
    hiddenSize,
    inChannels,
    patchSize,
    depth,
    heads: given.heads ?? headsOf(depth, hiddenSize),
    inputSize: given.inputSize ?? inputSizeOf(shapes.get("pos_embed"), patchSize),
    mlpRatio: size("blocks.0.mlp.fc1.weight", 0) / hiddenSize,
    // The official code always drops labels in training, so that its last label is the null label.
    ...(labels === undefined ? { numClasses: 0, classDropout: 0 } : { numClasses: labels - 1 }),
    learnSigma: size("final_layer.linear.weight", 0) > patchSize ** 2 * inChannels,
    conditioning: hasScales ? "adaLN" : ditDefaults.conditioning,
    ...given,
  });
}

/** How many blocks these names are of. */
export function depthOf(names: Iterable<string>): number {
  let depth = 0;
  for (const name of names) {
    const index = /^(?:transformer_)?blocks\.(\d{1,4})\./.exec(name)?.[1];
    depth = Math.max(depth, index === undefined ? 0 : Number(index) + 1);
  }
  return depth;
}

function headsOf(depth: number, hiddenSize: number): number {
  const known = Object.values(ditSizes).find((size) => size.depth === depth && size.hiddenSize === hiddenSize);
  if (known !== undefined) return known.heads;
  throw new ConfigError(
    `weights do not tell how many attention heads they are for, and a DiT of width ${hiddenSize} and depth ${depth} is none of the paper's; give heads`,
  );
}

function inputSizeOf(table: Shape | undefined, patchSize: number): [number, number] {
  const side = Math.sqrt(table?.[1] ?? 0);
  if (side > 0 && Number.isInteger(side)) return [side * patchSize, side * patchSize];
  throw new ConfigError(
    table === undefined
      ? "without a positional table these weights do not tell for which input they are; give inputSize"
      : `a positional table of ${table[1]} tokens is not that of a square input; give inputSize`,
  );
}
