import type { PrimitiveName } from "../../ir/ops";
import type { Tensor } from "../../ir/tensor";
import type { Schedule } from "../../lower/schedule";
import { kernels } from "./kernels";
import type { Value } from "./values";

/** Computes the outputs of a schedule from the `given` inputs, freeing each value after its last use. The nodes must be primitives. */
export function evaluate({ order, outputs, deaths }: Schedule, given: ReadonlyMap<Tensor, Value>): Value[] {
  const values = new Map<Tensor, Value>();
  order.forEach((node, i) => {
    const kernel = kernels[node.op as PrimitiveName] as unknown as (node: Tensor, inputs: readonly Value[]) => Value;
    values.set(
      node,
      given.get(node) ??
        kernel(
          node,
          node.inputs.map((x) => values.get(x)!),
        ),
    );
    for (const x of deaths[i]!) values.delete(x);
  });
  return outputs.map((output) => values.get(output)!);
}
