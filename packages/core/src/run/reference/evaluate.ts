import { topologicalOrder } from "../../ir/graph";
import type { PrimitiveName } from "../../ir/ops";
import type { Tensor } from "../../ir/tensor";
import { kernels } from "./kernels";
import { rounded, type Value } from "./values";

/** Computes `outputs` from the `given` inputs, freeing each value after its last use. The nodes must be primitives. */
export function evaluate(outputs: readonly Tensor[], given: ReadonlyMap<Tensor, Value>): Value[] {
  const order = topologicalOrder(outputs);
  const uses = new Map<Tensor, number>();
  for (const x of [...outputs, ...order.flatMap((node) => node.inputs)]) uses.set(x, (uses.get(x) ?? 0) + 1);
  const values = new Map<Tensor, Value>();
  for (const node of order) {
    const kernel = kernels[node.op as PrimitiveName] as unknown as (node: Tensor, inputs: readonly Value[]) => Value;
    values.set(
      node,
      given.get(node) ??
        rounded(
          kernel(
            node,
            node.inputs.map((x) => values.get(x)!),
          ),
        ),
    );
    for (const x of node.inputs) {
      const left = uses.get(x)! - 1;
      uses.set(x, left);
      if (left === 0) values.delete(x);
    }
  }
  return outputs.map((output) => values.get(output)!);
}
