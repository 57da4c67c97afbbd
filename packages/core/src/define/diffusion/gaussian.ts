import { select } from "../../ir/create";
import type { F32 } from "../../ir/tensor";

/** KL divergence of two Gaussians, element by element, in nats. */
export function normalKl(mean1: F32, logVariance1: F32, mean2: F32, logVariance2: F32): F32 {
  const spread = logVariance1.sub(logVariance2);
  // Both are near 1 where the variances are near each other, and then round alike: their difference, taken before
  // anything else is added, is far better than either.
  const fromVariances = spread.exp().sub(spread.add(1));
  return mean1.sub(mean2).square().mul(logVariance2.neg().exp()).add(fromVariances).mul(0.5);
}

/** Half the width of an 8-bit grey level in [-1, 1]. */
const halfBin = 1 / 255;

/**
 * Log likelihood, in nats, of 8-bit images in [-1, 1] under a Gaussian discretised to their 256 levels; the first and the
 * last level reach to infinity. Kept for parity: latents are no 8-bit images, yet they are trained with this at step 0.
 * x, mean, logScale: [N, C, I, J] -> [N, C, I, J]
 */
export function discretizedGaussianLogLikelihood(x: F32, mean: F32, logScale: F32): F32 {
  const inverseStd = logScale.neg().exp();
  const centred = x.sub(mean);
  const upTo = normalCdf(centred.add(halfBin).mul(inverseStd));
  const below = normalCdf(centred.sub(halfBin).mul(inverseStd));
  const inside = select(x.neg().less(-0.999), floorLog(below.neg().add(1)), floorLog(upTo.sub(below)));
  return select(x.less(-0.999), floorLog(upTo), inside);
}

/** The tanh approximation that the official code uses, not the exact integral. */
function normalCdf(x: F32): F32 {
  const u = x
    .square()
    .mul(0.044715)
    .add(1)
    .mul(x)
    .mul(Math.sqrt(2 / Math.PI));
  return u.tanh().add(1).mul(0.5);
}

function floorLog(x: F32): F32 {
  return x.max(1e-12).log();
}
