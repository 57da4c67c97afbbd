import { barrier } from "../../ir/create";
import type { F32, Tensor } from "../../ir/tensor";
import { isTensor } from "../../trace/signature";
import { mapTree } from "../../trace/tree";

type Tensors = Readonly<Record<string, F32>>;

/** Scalars and gradients of a batch, by name. */
export interface Measured {
  readonly metrics: Tensors;
  readonly gradients: Tensors;
}

/**
 * What `measure` finds on `count` equal parts of a batch (gradient accumulation): means of the metrics, sums of the
 * gradients. A part waits for the sums of those before it, so that what it computes on the way takes the memory of one
 * part, however many there are.
 * @param batch a tree of tensors whose first axis runs over samples and is a multiple of `count`
 */
export function accumulated<B extends object>(batch: B, count: number, measure: (part: B) => Measured): Measured {
  const partOf = (index: number, finished: readonly Tensor[]): B => {
    const part = mapTree(batch, isTensor, (x) => {
      const size = x.shape[0]! / count;
      return barrier(x.slice(0, index * size, (index + 1) * size), finished);
    });
    return part as unknown as B;
  };
  let sums = measure(partOf(0, []));
  for (let index = 1; index < count; index++) {
    const finished = [...Object.values(sums.metrics), ...Object.values(sums.gradients)];
    const part = measure(partOf(index, finished));
    sums = {
      metrics: mapEach(sums.metrics, (sum, name) => sum.add(part.metrics[name]!)),
      gradients: mapEach(sums.gradients, (sum, name) => sum.add(part.gradients[name]!)),
    };
  }
  return count === 1 ? sums : { ...sums, metrics: mapEach(sums.metrics, (sum) => sum.mul(1 / count)) };
}

function mapEach(tensors: Tensors, change: (x: F32, name: string) => F32): Tensors {
  return Object.fromEntries(Object.entries(tensors).map(([name, x]) => [name, change(x, name)]));
}
