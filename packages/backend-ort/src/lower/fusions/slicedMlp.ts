import { sizeOf } from "@dit/core/internal";
import { smallestSample } from "../batchSplit";
import { composites } from "../composites";
import type { Fusion, Pattern } from "./fusion";

/**
 * A perceptron of one hidden layer, a slice of the hidden units at a time: the second layer adds the slices up. onnxruntime
 * gives each thread some rows of a product that has no more columns than rows, and some columns of any other; functions of
 * each element, and the next product, go by rows. In slices of no more units than there are rows, a thread keeps to its
 * own numbers, and they are few enough for its own cache.
 */
export const slicedMlp: Pattern = (node, { isStep }) => {
  const second = node.is("linear") && node.dtype === "f32" ? node : undefined;
  const gelu = second?.inputs[0];
  const first = gelu?.is("gelu") && isStep(gelu) ? gelu.inputs[0] : undefined;
  if (!second || !gelu?.is("gelu") || !first?.is("linear") || !isStep(first)) return undefined;
  const units = first.shape.at(-1)!;
  const count = slices(units, sizeOf(first.shape) / units);
  if (count === 1 || sizeOf(first.shape) < smallestSample) return undefined;
  const fusion: Fusion = {
    hidden: [gelu, first],
    inputs: [...first.inputs, second.inputs[1], second.inputs[2]],
    lower: (emit, [x, weight, bias, secondWeight, secondBias]) => {
      const hidden = (weight: string, bias: string) =>
        emit.within(gelu.scope, () => {
          const product = emit.within(first.scope, () => composites.linear(emit, first, [x!, weight, bias]));
          return composites.gelu(emit, gelu, [product]);
        });
      const areKnown = [weight!, bias!, secondWeight!].every((name) => emit.valueOf(name) !== undefined);
      if (!areKnown) {
        return composites.linear(emit, second, [hidden(weight!, bias!), secondWeight!, secondBias!]);
      }
      const size = units / count;
      const terms = Array.from({ length: count }, (_, i) => {
        const [from, to] = [i * size, (i + 1) * size];
        const own = hidden(emit.rows(weight!, from, to)!, emit.rows(bias!, from, to)!);
        return emit.op("MatMul", [own, emit.transposed(secondWeight!, from, to)!]);
      });
      return [...terms, secondBias!].reduce((sum, term) => emit.op("Add", [sum, term]));
    },
  };
  return new Map([[node, fusion]]);
};

/** Into how many equal slices of at most `rows` units; 1 where the units do not divide into so many, or it is too many. */
function slices(units: number, rows: number): number {
  const count = Math.ceil(units / rows);
  return count <= mostSlices && units % count === 0 ? count : 1;
}

/** Each slice but the first adds a sum over all tokens. Four were no faster than three. */
const mostSlices = 3;
