import type { Node } from "@dit/core/internal";
import { attr } from "../../onnx/model";
import { primitives } from "../primitives";
import type { Fusion, Pattern } from "./fusion";

/** Equal parts that a tensor is cut into along an axis, when all of them are read: one Split makes them. */
export const equalParts: Pattern = (part, { readersOf }) => {
  const place = part.is("slice") ? placeOf(part) : undefined;
  if (place === undefined) return undefined;
  const { axis, index, count } = place;
  const source = part.inputs[0]!;
  const siblings = readersOf(source).flatMap((x) => {
    const other = x.is("slice") ? placeOf(x) : undefined;
    return other?.axis === axis && other.count === count ? [other.index] : [];
  });
  if (new Set(siblings).size !== count) return undefined;
  const attributes = { axis: attr.int(axis), num_outputs: attr.int(count) };
  const fusion: Fusion = {
    hidden: [],
    inputs: [source],
    lower: (emit, [x]) => {
      if (emit.valueOf(x!) !== undefined) return primitives.slice(emit, part as Node<"slice">, [x!]);
      const first = emit.once(
        `${count} parts of ${x} along ${axis}`,
        () => emit.ops("Split", [x!], count, { attributes })[0]!,
      );
      return index === 0 ? first : `${first}.${index}`;
    },
  };
  return new Map([[part, fusion]]);
};

/** Which of how many equal parts along which axis; undefined for a slice that is none. */
function placeOf({ attributes: { starts, sizes }, inputs: [x] }: Node<"slice">) {
  const axes = sizes.flatMap((size, axis) => (size === x.shape[axis] ? [] : [axis]));
  const [axis] = axes;
  if (axes.length !== 1 || axis === undefined) return undefined;
  const [index, count] = [starts[axis]! / sizes[axis]!, x.shape[axis]! / sizes[axis]!];
  return Number.isInteger(index) && Number.isInteger(count) ? { axis, index, count } : undefined;
}
