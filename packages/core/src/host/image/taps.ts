/** A resampling filter: weights by the distance from the centre, in pixels of the coarser image, and how far they reach. */
export interface Filter {
  readonly reach: number;
  weight(distance: number): number;
}

export const filters = {
  /** The average of the area under a pixel. */
  box: { reach: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  /** Keys' cubic convolution with a = -1/2 (Keys 1981, equation 4). */
  bicubic: { reach: 2, weight: (x) => cubic(Math.abs(x), -0.5) },
} satisfies Record<string, Filter>;

function cubic(x: number, a: number): number {
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((x - 5) * x + 8) * x * a - 4 * a : 0;
}

/** The pixels that one new pixel is made of. */
export interface Taps {
  readonly start: number;
  readonly weights: readonly number[];
}

/**
 * For each of `to` new pixels, those of `from` old ones under it; their weights add up to 1. Where an image shrinks, the filter is
 * widened to cover all that falls under a pixel, as Pillow does.
 */
export function weightedTaps(from: number, to: number, { reach, weight }: Filter): Taps[] {
  const ratio = from / to;
  const widening = Math.max(1, ratio);
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * ratio;
    const start = Math.max(0, Math.floor(centre - reach * widening + 0.5));
    const end = Math.min(from, Math.floor(centre + reach * widening + 0.5));
    const raw = Array.from({ length: end - start }, (_, k) => weight((start + k - centre + 0.5) / widening));
    const total = raw.reduce((sum, w) => sum + w, 0);
    return { start, weights: raw.map((w) => w / total) };
  });
}
