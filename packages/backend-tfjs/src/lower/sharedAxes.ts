import type { Shape } from "@dit/core";

/**
 * Shapes that are broadcast to one output, told in as few axes as they can be: neighbouring axes that each input has, or
 * lacks, together become one. [8, 16, 64] with [8, 16, 64], [8, 1, 64] and [] is as it was; without the second it is [8192].
 * An input of a single number becomes [].
 */
export function sharedAxes(
  output: Shape,
  inputs: readonly Shape[],
): { readonly output: Shape; readonly inputs: readonly Shape[] } {
  const aligned = inputs.map((shape) => [...new Array<number>(output.length - shape.length).fill(1), ...shape]);
  const merged: number[] = [];
  const parts: number[][] = inputs.map(() => []);
  let before = "";
  for (const [axis, size] of output.entries()) {
    if (size === 1) continue;
    const pattern = aligned.map((shape) => shape[axis] === size).join();
    if (pattern === before) {
      merged[merged.length - 1]! *= size;
      for (const [i, shape] of aligned.entries()) parts[i]![merged.length - 1]! *= shape[axis]!;
    } else {
      merged.push(size);
      for (const [i, shape] of aligned.entries()) parts[i]!.push(shape[axis]!);
    }
    before = pattern;
  }
  return { output: merged, inputs: parts.map((shape) => (shape.every((n) => n === 1) ? [] : shape)) };
}
