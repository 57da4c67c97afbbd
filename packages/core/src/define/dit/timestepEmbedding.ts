import { concat, constantF32, silu } from "../../ir/create";
import type { F32 } from "../../ir/tensor";
import { linear, linearSpec } from "../nn/linear";
import type { Params } from "../params";
import type { DiTConfig } from "./config";

/** Width of the sinusoid. */
const features = 256;

export function timestepEmbeddingSpec(width: number) {
  const init = { kind: "normal", std: 0.02 } as const;
  return { mlp: { 0: linearSpec(features, width, init), 2: linearSpec(width, width, init) } };
}

/** t: timesteps [N], possibly fractional -> [N, D] */
export function timestepEmbedding(
  p: Params<ReturnType<typeof timestepEmbeddingSpec>>,
  t: F32,
  { timestepDivisor }: DiTConfig,
): F32 {
  return linear(p.mlp[2], silu(linear(p.mlp[0], timestepSinusoid(t, features, timestepDivisor))));
}

/**
 * Cosines, then sines, of t * exp(-ln(10000) i / divisor) for i = 0..half-1; an odd width gets one zero column.
 *
 * The angle is counted in turns and reduced to half a turn before the sine, because device sines are inaccurate far
 * from 0 and t * frequency reaches 999. A frequency is kept as a part of 12 bits, whose product with an integer t below
 * 4096 is exact in float32, and a small rest; so for integer timesteps the result is right to 1e-6, where the plain
 * float32 product is off by up to 4e-5. t: [N] -> [N, width]
 */
export function timestepSinusoid(t: F32, width: number, divisor = Math.floor(width / 2)): F32 {
  const half = Math.floor(width / 2);
  const turns = Array.from({ length: half }, (_, i) => Math.exp((-Math.log(10000) * i) / divisor) / (2 * Math.PI));
  const coarse = turns.map(roundTo12Bits);
  const column = t.reshape([t.shape[0]!, 1]);
  const whole = fraction(column.mul(constantF32([1, half], coarse)));
  const rest = column.mul(
    constantF32(
      [1, half],
      turns.map((turn, i) => turn - coarse[i]!),
    ),
  );
  const angle = fraction(whole.add(rest)).mul(2 * Math.PI);
  const sinusoid = concat([angle.cos(), angle.sin()], 1);
  return width % 2 === 0 ? sinusoid : sinusoid.pad([0, 0], [0, 1]);
}

/** x less its nearest integer. */
function fraction(x: F32): F32 {
  return x.sub(x.add(0.5).floor());
}

function roundTo12Bits(x: number): number {
  const unit = 2 ** (Math.floor(Math.log2(x)) - 11);
  return Math.round(x / unit) * unit;
}
