import { type F32, scalar, silu } from "@dit/core";

/**
 * x Phi(x), with the normal distribution itself where a DiT's GELU has a tanh (arXiv 1606.08415). Its tail Phi(-|x|) is
 * right to 1e-7 (Abramowitz and Stegun, 7.1.26).
 */
function gelu(x: F32): F32 {
  const size = x.abs();
  const t = scalar(1, "f32").div(size.mul(0.3275911 * Math.SQRT1_2).add(1));
  const lower = [-1.453152027, 1.421413741, -0.284496736, 0.254829592];
  const polynomial = lower.reduce((sum, factor) => sum.add(factor).mul(t), t.mul(1.061405429));
  const tail = polynomial.mul(size.square().mul(-0.5).exp()).mul(0.5);
  return x.max(0).sub(size.mul(tail));
}

/** max(x, 0) */
function relu(x: F32): F32 {
  return x.max(0);
}

/** x tanh(log(1 + e^x)) (arXiv 1908.08681); the logarithm so that no exponential overflows. */
function mish(x: F32): F32 {
  const softplus = x.max(0).add(x.abs().neg().exp().add(1).log());
  return x.mul(softplus.tanh());
}

/** Activations by the names that configurations of diffusers give them. */
export const activations = { silu, swish: silu, gelu, relu, mish } satisfies Readonly<Record<string, (x: F32) => F32>>;

export type ActivationName = keyof typeof activations;
