/** Where a path is at one time: x_t = alpha * image + sigma * noise, and how fast both factors move. */
export interface PathPoint {
  readonly time: number;
  readonly alpha: number;
  readonly sigma: number;
  /** Derivatives by time. */
  readonly dAlpha: number;
  readonly dSigma: number;
}

/**
 * The paths from noise (time 0) to data (time 1) of SiT (arXiv 2401.08740, section 3.1 and appendix A), in float64. A new
 * path is a new row: two factors and their derivatives.
 */
export const paths = {
  /** A straight line at constant speed. */
  linear: (t) => ({ alpha: t, sigma: 1 - t, dAlpha: 1, dSigma: -1 }),
  /** Generalised variance-preserving: alpha^2 + sigma^2 = 1, along a quarter of a circle. */
  gvp: (t) => {
    const [angle, speed] = [(Math.PI / 2) * t, Math.PI / 2];
    const [alpha, sigma] = [Math.sin(angle), t === 1 ? 0 : Math.cos(angle)];
    return { alpha, sigma, dAlpha: speed * sigma, dSigma: -speed * alpha };
  },
  /** The variance-preserving diffusion of Song et al. 2021 with beta from 0.1 to 20, run backwards. */
  vp: (t) => {
    const [least, most] = [0.1, 20];
    const logAlpha = -0.25 * (1 - t) ** 2 * (most - least) - 0.5 * (1 - t) * least;
    const dLogAlpha = 0.5 * (1 - t) * (most - least) + 0.5 * least;
    const [alpha, sigma] = [Math.exp(logAlpha), Math.sqrt(-Math.expm1(2 * logAlpha))];
    return { alpha, sigma, dAlpha: alpha * dLogAlpha, dSigma: (-(alpha ** 2) * dLogAlpha) / sigma };
  },
} as const satisfies Record<string, (time: number) => Omit<PathPoint, "time">>;

export type PathName = keyof typeof paths;

/** A path's point at a time in 0..1. */
export function pathAt(path: PathName, time: number): PathPoint {
  return { time, ...paths[path](time) };
}

/**
 * The factor g of the score in the velocity of the path: v = (dAlpha / alpha) x + g score. It is half the squared
 * diffusion of the process that the path turns round (arXiv 2401.08740, equation 7).
 */
export function scoreFactor({ alpha, sigma, dAlpha, dSigma }: PathPoint): number {
  return (dAlpha / alpha) * sigma ** 2 - sigma * dSigma;
}
