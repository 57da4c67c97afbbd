import { ConfigError, permutation } from "@dit/core";
import { rowProducts, rowsOf } from "../algebra/rowProducts";
import { type FeatureRows, requireSameWidth, selectRows } from "../statistics/featureRows";
import { type Spread, spreadOf } from "./spread";

/** (gamma x.y + coef0)^degree, gamma being 1 / width unless given; or exp(-|x - y|^2 / (2 sigma^2)). */
export type Kernel =
  | { readonly kind: "polynomial"; readonly degree: number; readonly gamma?: number; readonly coef0: number }
  | { readonly kind: "rbf"; readonly sigma: number };

/** That of the paper. */
export const cubicKernel: Kernel = { kind: "polynomial", degree: 3, coef0: 1 };

/** Rows of one subset. */
export interface KidSubset {
  readonly real: ArrayLike<number>;
  readonly fake: ArrayLike<number>;
}

/** `subsets` random subsets of `size` rows of each set, without repetition. Seeded: the same on every machine. */
export function kidSubsets(
  realCount: number,
  fakeCount: number,
  { subsets, size, seed }: { readonly subsets: number; readonly size: number; readonly seed: number },
): KidSubset[] {
  const pick = (stream: string, step: number, count: number) =>
    permutation({ seed, stream, step, sample: 0 }, count).subarray(0, size);
  return Array.from({ length: subsets }, (_, i) => ({
    real: pick("kidReal", i, realCount),
    fake: pick("kidFake", i, fakeCount),
  }));
}

/**
 * Kernel Inception Distance: the unbiased squared maximum mean discrepancy, over subsets. It may be slightly negative.
 * Source: Binkowski et al., arXiv 1801.01401, section 4.
 */
export function kid(
  real: FeatureRows,
  fake: FeatureRows,
  subsets: readonly KidSubset[],
  kernel: Kernel = cubicKernel,
): Spread {
  return spreadOf(
    subsets.map((subset) => squaredMmd(selectRows(real, subset.real), selectRows(fake, subset.fake), kernel)),
  );
}

/** The unbiased squared maximum mean discrepancy of all rows. @throws ConfigError for fewer than two rows of either */
export function squaredMmd(real: FeatureRows, fake: FeatureRows, kernel: Kernel = cubicKernel): number {
  requireSameWidth(real, fake);
  for (const { count } of [real, fake]) {
    if (count < 2)
      throw new ConfigError(`KID needs at least 2 images of each set, there ${count === 1 ? "is 1" : "are none"}`);
  }
  const centre = kernel.kind === "rbf" ? firstRow(real) : undefined;
  const within = (set: FeatureRows) => (2 * kernelSum(set, set, kernel, centre, true)) / (set.count * (set.count - 1));
  const between = kernelSum(real, fake, kernel, centre, false) / (real.count * fake.count);
  return within(real) + within(fake) - 2 * between;
}

/** Distances do not change when both sets are moved; a point among them keeps their products small. */
function firstRow({ data, width }: FeatureRows): Float64Array {
  return Float64Array.from(data.subarray(0, width));
}

/** The sum of the kernel over all pairs, or over those of one set whose first row comes after the second. */
function kernelSum(a: FeatureRows, b: FeatureRows, kernel: Kernel, centre: Float64Array | undefined, lower: boolean) {
  const evaluate = kernelOf(kernel, a, b, centre);
  let sum = 0;
  rowProducts(
    rowsOf(a.data, a.width, centre),
    rowsOf(b.data, b.width, centre),
    ({ i, j, rows, columns, products, stride }) => {
      for (let r = 0; r < rows; r++) {
        const last = lower ? Math.min(columns, i + r - j) : columns;
        // A row by itself: what is left of these sums is small, and so must their rounding be.
        let ofRow = 0;
        for (let c = 0; c < last; c++) ofRow += evaluate(products[r * stride + c]!, i + r, j + c);
        sum += ofRow;
      }
    },
    { lower },
  );
  return sum;
}

function kernelOf(kernel: Kernel, a: FeatureRows, b: FeatureRows, centre: Float64Array | undefined) {
  switch (kernel.kind) {
    case "polynomial": {
      const { degree, gamma = 1 / a.width, coef0 } = kernel;
      return degree === 3
        ? (product: number) => cube(gamma * product + coef0)
        : (product: number) => (gamma * product + coef0) ** degree;
    }
    case "rbf": {
      const squaresA = squares(a, centre);
      const squaresB = squares(b, centre);
      const factor = -1 / (2 * kernel.sigma * kernel.sigma);
      return (product: number, i: number, j: number) => Math.exp(factor * (squaresA[i]! - 2 * product + squaresB[j]!));
    }
    default:
      return kernel satisfies never;
  }
}

const cube = (x: number) => x * x * x;

function squares({ data, width, count }: FeatureRows, centre: Float64Array | undefined): Float64Array {
  return Float64Array.from({ length: count }, (_, row) => {
    let sum = 0;
    for (let i = 0; i < width; i++) sum += (data[row * width + i]! - (centre?.[i] ?? 0)) ** 2;
    return sum;
  });
}
