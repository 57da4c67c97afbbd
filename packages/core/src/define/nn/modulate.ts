import type { F32 } from "../../ir/tensor";

/** One vector per sample, for all its tokens. [N, D] -> [N, 1, D] */
export function perToken(x: F32): F32 {
  return x.reshape([x.shape[0]!, 1, x.shape[1]!]);
}

/** Scale and shift by conditioning vectors [N, D], the same for all tokens. x: [N, T, D] -> [N, T, D] */
export function modulate(x: F32, shift: F32, scale: F32): F32 {
  return x.mul(perToken(scale).add(1)).add(perToken(shift));
}
