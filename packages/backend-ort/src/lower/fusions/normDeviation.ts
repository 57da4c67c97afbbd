import type { F32, Tensor } from "@dit/core";
import { composites, type Node, topologicalOrder } from "@dit/core/internal";
import type { Emitter } from "../emitter";
import type { Fusion, Pattern } from "./fusion";
import { normOf, onesFor } from "./norms";

/** The deviation that a layer norm divides by, which its gradient reads too: LayerNormalization puts out its inverse. */
export const normDeviation: Pattern = (root, uses) => {
  if (!root.is("sqrt")) return undefined;
  const readerOf = (x: Tensor) => uses.readersOf(x).find((reader) => reader.is("layerNorm"));
  let x = root.inputs[0] as Tensor | undefined;
  while (x !== undefined && readerOf(x) === undefined) x = x.inputs[0];
  const norm = x && readerOf(x);
  const found = norm && normOf(norm, uses);
  if (x === undefined || !norm?.is("layerNorm") || !found || !isSame(deviationOf(norm), root)) return undefined;
  const hidden = topologicalOrder([root], (node) => node === x).filter(
    (node) => node !== root && node !== x && !node.is("constant"),
  );
  if (!hidden.every(uses.isStep)) return undefined;
  const { epsilon, attributes } = found;
  /** Its outputs are the norm, the mean, which nothing reads, and the inverse of the deviation. */
  const both = (emit: Emitter, x: string) =>
    emit.once(`norm of ${x}, ${epsilon}`, () => {
      const inputs = [x, onesFor(emit, norm)];
      return emit.ops("LayerNormalization", inputs, 3, { attributes, omitted: [1] })[0]!;
    });
  return new Map<Tensor, Fusion>([
    [norm, { hidden: [], inputs: [x], lower: (emit, [x]) => both(emit, x!) }],
    [root, { hidden, inputs: [x], lower: (emit, [x]) => emit.op("Reciprocal", [`${both(emit, x!)}.2`]) }],
  ]);
};

/** What a norm divides by: sqrt(mean((x - mean(x))^2) + epsilon). */
function deviationOf({ inputs: [x], attributes }: Node<"layerNorm">): Tensor {
  return composites.layerNorm.decompose([x as F32], attributes).inputs[1]!;
}

function isSame(a: Tensor, b: Tensor): boolean {
  if (a === b) return true;
  const areEqual = a.op === b.op && a.op !== "input" && JSON.stringify(a.attributes) === JSON.stringify(b.attributes);
  return areEqual && a.inputs.every((x, i) => isSame(x, b.inputs[i]!));
}
