import { type F32, silu } from "@dit/core";

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
export const activations = { silu, swish: silu, relu, mish } satisfies Readonly<Record<string, (x: F32) => F32>>;

export type ActivationName = keyof typeof activations;
