import { concat, scalar, select } from "./create";
import type { Bool, F32, I32, Tensor } from "./tensor";

// Checked by tsc: each line under an expected error must not compile. Nothing here runs.

declare const x: F32;
declare const n: I32;
declare const mask: Bool;
declare const half: Tensor<"f16">;

export function dtypesDoNotMix(): unknown {
  return [
    x.add(x),
    x.add(1),
    n.mul(n),
    x.add(n.cast("f32")),
    // @ts-expect-error an integer tensor is no float
    x.add(n),
    // @ts-expect-error half precision is another dtype
    x.matmul(half),
    // @ts-expect-error parts of one dtype only
    concat<"f32">([x, n], 0),
    // @ts-expect-error branches of one dtype
    select<"f32">(mask, x, n),
    // @ts-expect-error there is no such dtype
    x.cast("f64"),
  ];
}

export function resultsHaveTheirDType(): readonly unknown[] {
  const isLess: Bool = x.less(0);
  const whole: I32 = x.cast("i32");
  const sum: F32 = x.sum();
  const one: Tensor<"f16"> = scalar(1, "f16");
  // @ts-expect-error a comparison is a bool
  const wrong: F32 = x.equal(x);
  // @ts-expect-error indices are integers
  x.gather(x);
  // @ts-expect-error a condition is a bool
  select(x, x, x);
  return [isLess, whole, sum, one, wrong];
}

export function nodesAreNarrowedByTheirOperation(node: Tensor): unknown {
  if (node.is("matmul")) return [node.attributes.transposeA, node.inputs[1].shape];
  if (node.is("linear")) return node.inputs[2].shape;
  // @ts-expect-error there is no such operation
  if (node.is("matmull")) return undefined;
  // @ts-expect-error attributes are known only by operation
  return node.attributes.transposeA;
}
