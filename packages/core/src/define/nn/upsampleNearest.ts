import type { F32 } from "../../ir/tensor";

/** Each pixel repeated to a square of `factor` by `factor`. x: [N, C, H, W] -> [N, C, H * factor, W * factor] */
export function upsampleNearest(x: F32, factor = 2): F32 {
  const [n, c, height, width] = x.shape as [number, number, number, number];
  return x
    .reshape([n, c, height, 1, width, 1])
    .broadcastTo([n, c, height, factor, width, factor])
    .reshape([n, c, height * factor, width * factor]);
}
