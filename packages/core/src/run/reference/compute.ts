import type { Tensor } from "../../ir/tensor";
import { expandComposites } from "../../lower/expandComposites";
import { schedule } from "../../lower/schedule";
import { evaluate } from "./evaluate";
import { newValue } from "./values";

/**
 * The values of `outputs` in float64, with inputs given as numbers that are not rounded either: what central differences
 * and other checks of tensor functions compare with. No pass runs but the expansion of composites.
 */
export function compute(
  outputs: readonly Tensor[],
  given: ReadonlyMap<Tensor, ArrayLike<number>> = new Map(),
): Float64Array[] {
  const ports = outputs.map((tensor, i) => ({ name: String(i), tensor }));
  const expanded = expandComposites({ name: "compute", inputs: [], outputs: ports }, new Set());
  const values = new Map(
    [...given].map(([x, data]) => [x, newValue(x.dtype, x.shape, Float64Array.from(data))] as const),
  );
  return evaluate(schedule(expanded), values).map(({ data }) => data);
}
