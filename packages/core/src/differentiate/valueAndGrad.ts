import { scalar } from "../ir/create";
import { DitError } from "../ir/errors";
import type { F32 } from "../ir/tensor";
import { isTensor } from "../trace/signature";
import { flatten, mapTree } from "../trace/tree";
import { type BackwardOptions, backward } from "./backward";

/**
 * The value of a scalar `loss` of a tree of tensors, and its gradient: a tree of the same nesting.
 * @param loss returns a scalar and, in `metrics`, whatever else should be kept
 */
export function valueAndGrad<T extends object, R extends { readonly loss: F32 }>(
  loss: (variables: T) => R,
  variables: T,
  options: BackwardOptions = {},
): { readonly value: R; readonly gradients: T } {
  const value = loss(variables);
  if (value.loss.rank !== 0) throw new DitError(`the loss must be a scalar, got shape [${value.loss.shape}]`);
  const leaves = flatten(variables, isTensor);
  const gradients = backward(value.loss, scalar(1, "f32"), Object.values(leaves), options);
  const byPath = new Map(Object.keys(leaves).map((path, i) => [path, gradients[i]!]));
  return { value, gradients: mapTree(variables, isTensor, (_, path) => byPath.get(path)!) as unknown as T };
}
