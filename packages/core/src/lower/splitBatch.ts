import { apply } from "../ir/apply";
import { barrier, concat } from "../ir/create";
import { type Graph, nodesOf } from "../ir/graph";
import { inScope } from "../ir/scope";
import { sizeOf } from "../ir/shape";
import { Tensor } from "../ir/tensor";
import { partAttributes, partInputs } from "./partRules";

export interface BatchSplit {
  /** The most samples that are computed at once. A part has as many as divide the batch. */
  readonly samplesAtOnce: number;
  /** Values of fewer elements to a sample are left whole: cutting them costs more than it saves. */
  readonly smallestSample: number;
  /** Elements of a value that a part of more than one sample may have at most. */
  readonly largestPart: number;
}

/**
 * Computes a few samples at a time what does not mix samples, so that on a processor the values between two operations stay
 * in its caches. Parts are joined where samples meet (a weight's gradient, an output). From one module to the next each
 * waits for the others, so that a runtime which orders nodes by their uses takes all samples through a block before it goes
 * on to the next one's weights.
 */
export function splitBatch(graph: Graph, { samplesAtOnce, smallestSample, largestPart }: BatchSplit): Graph {
  const samples = graph.inputs.filter(({ name }) => graph.samples?.includes(name)).map(({ tensor }) => tensor);
  const batch = samples[0]?.shape[0] ?? 1;
  if (batch === 1) return graph;
  const sizes = nodesOf(graph).map((node) => (node.is("input") ? 0 : sizeOf(node.shape)));
  const samplesThatFit = Math.floor((largestPart * batch) / Math.max(...sizes));
  const count = batch / largestDivisor(batch, Math.max(1, Math.min(samplesAtOnce, samplesThatFit)));
  if (count === 1) return graph;
  /** What became of each node: one tensor, or one per part. */
  const whole = new Map<Tensor, Tensor>();
  const parts = new Map<Tensor, readonly Tensor[]>();
  /** The nodes whose first axis runs over samples. */
  const batched = new Set<Tensor>();

  const wholeOf = (node: Tensor): Tensor => {
    const known = whole.get(node);
    if (known !== undefined) return known;
    const joined = inScope(node.scope, () => concat(parts.get(node)!, 0));
    whole.set(node, joined);
    return joined;
  };
  /** Cuts of whole tensors, by the module that reads them. */
  const cuts = new Map<Tensor, Map<string, readonly Tensor[]>>();
  const partsOf = (node: Tensor, module: string): readonly Tensor[] => {
    const made = parts.get(node);
    if (made !== undefined && moduleOf(node) === module) return made;
    const byModule = cuts.get(node) ?? new Map<string, readonly Tensor[]>();
    cuts.set(node, byModule);
    const known = byModule.get(module);
    if (known !== undefined) return known;
    const cut = inScope(node.scope, () =>
      made === undefined ? cutOf(wholeOf(node)) : made.map((x) => barrier(x, made)),
    );
    byModule.set(module, cut);
    return cut;
  };

  const cutOf = (joined: Tensor) => {
    const size = joined.shape[0]! / count;
    return Array.from({ length: count }, (_, i) => joined.slice(0, i * size, (i + 1) * size));
  };

  for (const node of nodesOf(graph)) {
    if (node.is("input")) {
      whole.set(node, node);
      if (samples.includes(node)) batched.add(node);
      continue;
    }
    const uses = partInputs(node, (x) => batched.has(x), count);
    const isJoin = node.is("concat") && node.attributes.axis === 0 && node.inputs.every((x) => batched.has(x));
    if (uses !== undefined || isJoin) batched.add(node);
    const isLarge = sizeOf(node.shape) >= batch * smallestSample || node.inputs.some((x) => parts.has(x));
    if (uses === undefined || !isLarge) {
      const inputs = node.inputs.map(wholeOf);
      const isSame = inputs.every((x, i) => x === node.inputs[i]);
      whole.set(node, isSame ? node : new Tensor(node.op, inputs, node.attributes, node.dtype, node.shape, node.scope));
      continue;
    }
    const attributes = partAttributes(node, count);
    const inputs = node.inputs.map((x, i) => (uses[i] === "part" ? partsOf(x, moduleOf(node)) : wholeOf(x)));
    parts.set(
      node,
      inScope(node.scope, () =>
        Array.from({ length: count }, (_, i) =>
          apply(node.op, inputs.map((x) => (Array.isArray(x) ? x[i] : x)) as never, attributes),
        ),
      ),
    );
  }
  return { ...graph, outputs: graph.outputs.map(({ name, tensor }) => ({ name, tensor: wholeOf(tensor) })) };
}

/** The largest divisor of `size` that is at most `limit`. */
function largestDivisor(size: number, limit: number): number {
  let divisor = Math.min(size, limit);
  while (size % divisor !== 0) divisor--;
  return divisor;
}

/** `blocks.3` of `blocks.3.attn.qkv`: what has weights of its own. */
function moduleOf({ scope }: Tensor): string {
  return scope.split(".").slice(0, 2).join(".");
}
