import { concat, type F32, maxPool2d } from "@dit/core";
import { same, smoothed, type Unit, type UnitSpec, unit } from "./layers";

// The blocks from the first one on, by the size of their images. Each is a spec for either form of its parameters, and what
// it computes. Source: Szegedy et al., arXiv 1512.00567, figures 5 to 7 and 10.

type Units<Spec extends (conv: UnitSpec<Unit>, ...sizes: number[]) => unknown> = ReturnType<Spec>;

/** Channels side by side. */
const joined = (...branches: readonly F32[]) => concat(branches, 1);

/** 35 x 35 */
export function block35Spec<U>(conv: UnitSpec<U>, from: number, pool: number) {
  return {
    branch1x1: conv(from, 64, 1),
    branch5x5_1: conv(from, 48, 1),
    branch5x5_2: conv(48, 64, 5),
    branch3x3dbl_1: conv(from, 64, 1),
    branch3x3dbl_2: conv(64, 96, 3),
    branch3x3dbl_3: conv(96, 96, 3),
    branch_pool: conv(from, pool, 1),
  };
}

/** x: [N, from, 35, 35] -> [N, 224 + pool, 35, 35] */
export function block35(p: Units<typeof block35Spec<Unit>>, x: F32): F32 {
  return joined(
    same(p.branch1x1, x),
    same(p.branch5x5_2, same(p.branch5x5_1, x)),
    same(p.branch3x3dbl_3, same(p.branch3x3dbl_2, same(p.branch3x3dbl_1, x))),
    same(p.branch_pool, smoothed(x)),
  );
}

/** 35 x 35 to 17 x 17 */
export function to17Spec<U>(conv: UnitSpec<U>, from: number) {
  return {
    branch3x3: conv(from, 384, 3),
    branch3x3dbl_1: conv(from, 64, 1),
    branch3x3dbl_2: conv(64, 96, 3),
    branch3x3dbl_3: conv(96, 96, 3),
  };
}

/** x: [N, from, 35, 35] -> [N, 480 + from, 17, 17] */
export function to17(p: Units<typeof to17Spec<Unit>>, x: F32): F32 {
  return joined(
    unit(p.branch3x3, x, { stride: 2 }),
    unit(p.branch3x3dbl_3, same(p.branch3x3dbl_2, same(p.branch3x3dbl_1, x)), { stride: 2 }),
    maxPool2d(x, { window: 3, stride: 2 }),
  );
}

/** 17 x 17, with convolutions of 7 x 7 taken apart into rows and columns */
export function block17Spec<U>(conv: UnitSpec<U>, inner: number) {
  return {
    branch1x1: conv(768, 192, 1),
    branch7x7_1: conv(768, inner, 1),
    branch7x7_2: conv(inner, inner, [1, 7]),
    branch7x7_3: conv(inner, 192, [7, 1]),
    branch7x7dbl_1: conv(768, inner, 1),
    branch7x7dbl_2: conv(inner, inner, [7, 1]),
    branch7x7dbl_3: conv(inner, inner, [1, 7]),
    branch7x7dbl_4: conv(inner, inner, [7, 1]),
    branch7x7dbl_5: conv(inner, 192, [1, 7]),
    branch_pool: conv(768, 192, 1),
  };
}

/** x: [N, 768, 17, 17] -> the same, and its first branch [N, 192, 17, 17] by itself */
export function block17(p: Units<typeof block17Spec<Unit>>, x: F32): { readonly out: F32; readonly branch1x1: F32 } {
  const branch1x1 = same(p.branch1x1, x);
  const deep = same(p.branch7x7dbl_3, same(p.branch7x7dbl_2, same(p.branch7x7dbl_1, x)));
  const out = joined(
    branch1x1,
    same(p.branch7x7_3, same(p.branch7x7_2, same(p.branch7x7_1, x))),
    same(p.branch7x7dbl_5, same(p.branch7x7dbl_4, deep)),
    same(p.branch_pool, smoothed(x)),
  );
  return { out, branch1x1 };
}

/** 17 x 17 to 8 x 8 */
export function to8Spec<U>(conv: UnitSpec<U>) {
  return {
    branch3x3_1: conv(768, 192, 1),
    branch3x3_2: conv(192, 320, 3),
    branch7x7x3_1: conv(768, 192, 1),
    branch7x7x3_2: conv(192, 192, [1, 7]),
    branch7x7x3_3: conv(192, 192, [7, 1]),
    branch7x7x3_4: conv(192, 192, 3),
  };
}

/** x: [N, 768, 17, 17] -> [N, 1280, 8, 8] */
export function to8(p: Units<typeof to8Spec<Unit>>, x: F32): F32 {
  const rowsAndColumns = same(p.branch7x7x3_3, same(p.branch7x7x3_2, same(p.branch7x7x3_1, x)));
  return joined(
    unit(p.branch3x3_2, same(p.branch3x3_1, x), { stride: 2 }),
    unit(p.branch7x7x3_4, rowsAndColumns, { stride: 2 }),
    maxPool2d(x, { window: 3, stride: 2 }),
  );
}

/** 8 x 8 */
export function block8Spec<U>(conv: UnitSpec<U>, from: number) {
  return {
    branch1x1: conv(from, 320, 1),
    branch3x3_1: conv(from, 384, 1),
    branch3x3_2a: conv(384, 384, [1, 3]),
    branch3x3_2b: conv(384, 384, [3, 1]),
    branch3x3dbl_1: conv(from, 448, 1),
    branch3x3dbl_2: conv(448, 384, 3),
    branch3x3dbl_3a: conv(384, 384, [1, 3]),
    branch3x3dbl_3b: conv(384, 384, [3, 1]),
    branch_pool: conv(from, 192, 1),
  };
}

/** x: [N, from, 8, 8], and what its last branch sees of it, of the same shape -> [N, 2048, 8, 8] */
export function block8(p: Units<typeof block8Spec<Unit>>, x: F32, pooled: F32): F32 {
  const single = same(p.branch3x3_1, x);
  const double = same(p.branch3x3dbl_2, same(p.branch3x3dbl_1, x));
  return joined(
    same(p.branch1x1, x),
    same(p.branch3x3_2a, single),
    same(p.branch3x3_2b, single),
    same(p.branch3x3dbl_3a, double),
    same(p.branch3x3dbl_3b, double),
    same(p.branch_pool, pooled),
  );
}
