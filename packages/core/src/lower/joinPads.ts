import { concat } from "../ir/create";
import { sameShape } from "../ir/shape";
import type { Tensor } from "../ir/tensor";

/**
 * The gradient of cutting a tensor into parts is a sum of padded parts. Where the parts fill the tensor exactly, that sum
 * is their concatenation, which touches memory once instead of once per part.
 */
export function joinPads(sum: Tensor): Tensor {
  const terms = termsOf(sum);
  const axis = terms.length > 1 ? paddedAxis(terms) : undefined;
  if (axis === undefined || !terms.every(({ shape }) => sameShape(shape, sum.shape))) return sum;
  const parts = terms.map((term) => {
    const { before } = term.attributes as { before: readonly number[] };
    return { start: before[axis]!, part: term.inputs[0]! };
  });
  parts.sort((a, b) => a.start - b.start);
  let end = 0;
  for (const { start, part } of parts) {
    if (start !== end) return sum;
    end += part.shape[axis]!;
  }
  return end === sum.shape[axis]
    ? concat(
        parts.map(({ part }) => part),
        axis,
      )
    : sum;
}

/** The pads that a tree of additions adds up; none when it adds anything else. */
function termsOf(sum: Tensor): readonly Tensor[] {
  if (sum.is("pad")) return [sum];
  if (!sum.is("add")) return [];
  const [left, right] = sum.inputs.map(termsOf) as [readonly Tensor[], readonly Tensor[]];
  return left.length === 0 || right.length === 0 ? [] : [...left, ...right];
}

/** The one axis along which every term is padded. */
function paddedAxis(terms: readonly Tensor[]): number | undefined {
  const axes = terms.map((term) => {
    const padded = term.shape.flatMap((n, axis) => (n === term.inputs[0]!.shape[axis] ? [] : [axis]));
    return padded.length === 1 ? padded[0] : undefined;
  });
  return axes.every((axis) => axis === axes[0]) ? axes[0] : undefined;
}
