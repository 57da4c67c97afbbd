import type { Composite } from "../ops";
import { requireFloat } from "../primitives/rules";

export const upsampleNearest: Composite<"upsampleNearest"> = {
  infer: ([x], { factor }, fail) => {
    requireFloat(x, fail);
    if (x.rank !== 4) fail("needs images [N, C, H, W]");
    if (!Number.isInteger(factor) || factor < 1) fail(`the factor must be a whole number from 1, got ${factor}`);
    const [n, c, height, width] = x.shape as [number, number, number, number];
    return { dtype: x.dtype, shape: [n, c, height * factor, width * factor] };
  },
  decompose: ([x], { factor }) => {
    const [n, c, height, width] = x.shape as [number, number, number, number];
    const rows = n * c * height;
    return x
      .reshape([rows, 1, width, 1])
      .broadcastTo([rows, factor, width, factor])
      .reshape([n, c, height * factor, width * factor]);
  },
};
