/** Where the official code and diffusers compute different functions of the same weights. */
export interface Numerics {
  /** The timestep sinusoid's frequencies are exp(-ln(10000) i / this), i = 0..127. */
  readonly timestepDivisor: number;
  /** Epsilon of the adaptive norm before a block's MLP; that of all others is 1e-6. */
  readonly mlpNormEpsilon: number;
}

export const officialNumerics: Numerics = { timestepDivisor: 128, mlpNormEpsilon: 1e-6 };

/** `downscale_freq_shift` 1 takes one from the divisor, and the released models' `norm_eps` is 1e-5. */
export const diffusersNumerics: Numerics = { timestepDivisor: 127, mlpNormEpsilon: 1e-5 };
