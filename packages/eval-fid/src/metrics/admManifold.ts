import { ConfigError } from "@dit/core";
import { f16ToF32, f32ToF16 } from "@dit/core/internal";
import { rowProducts, rowsOf } from "../algebra/rowProducts";
import { type FeatureRows, requireSameWidth, selectRows } from "../statistics/featureRows";

/** Precision and recall as ADM's evaluator rounds them. */
export interface AdmManifold {
  readonly precision: number;
  readonly recall: number;
}

/** ADM's own number. */
export const admNeighbours = 3;
const batchRows = 10_000;
const largestHalf = 65504;

/**
 * Precision and recall with ADM's rounding: squared distances by |u|^2 - 2 u.v + |v|^2 in float16, in batches of 10,000 x
 * 10,000, in float32 for a batch in which float16 overflows. For comparing with published numbers; `manifold` is exact.
 * Source: evaluator.py of ADM (arXiv 2105.05233), whose k is 3.
 * @throws ConfigError when a set has no more than 3 rows
 */
export function admManifold(real: FeatureRows, fake: FeatureRows): AdmManifold {
  requireSameWidth(real, fake);
  const radiiReal = radii(real);
  const radiiFake = radii(fake);
  const inReal = new Uint8Array(fake.count);
  const inFake = new Uint8Array(real.count);
  eachRounded(fake, real, (i, j, squared) => {
    if (squared <= radiiReal[j]!) inReal[i] = 1;
    if (squared <= radiiFake[i]!) inFake[j] = 1;
  });
  return { precision: mean(inReal), recall: mean(inFake) };
}

/** The distance at place `admNeighbours` of each row's ascending distances to all rows, itself among them. */
function radii(rows: FeatureRows): Float64Array {
  if (rows.count <= admNeighbours)
    throw new ConfigError(`precision and recall need at least ${admNeighbours + 1} images, there are ${rows.count}`);
  const places = admNeighbours + 1;
  const nearest = new Float64Array(rows.count * places).fill(Number.POSITIVE_INFINITY);
  eachRounded(rows, rows, (i, _, squared) => {
    let place = (i + 1) * places - 1;
    if (!(squared < nearest[place]!)) return;
    for (; place > i * places && nearest[place - 1]! > squared; place--) nearest[place] = nearest[place - 1]!;
    nearest[place] = squared;
  });
  return Float64Array.from({ length: rows.count }, (_, i) => nearest[i * places + admNeighbours]!);
}

type Visit = (i: number, j: number, squared: number) => void;
type Round = (x: number) => number;

const toHalf: Round = (x) => f16ToF32(f32ToF16(x));

function eachRounded(a: FeatureRows, b: FeatureRows, visit: Visit): void {
  for (let i = 0; i < a.count; i += batchRows) {
    for (let j = 0; j < b.count; j += batchRows) {
      const [u, v] = [batchOf(a, i), batchOf(b, j)];
      const round = overflows(u, v) ? Math.fround : toHalf;
      eachOfBatch(u, v, round, (r, c, squared) => visit(i + r, j + c, squared));
    }
  }
}

/** Whether a distance of the batch, or a part of it, does not fit in float16. */
function overflows(a: FeatureRows, b: FeatureRows): boolean {
  const most = (rows: FeatureRows) => norms(halves(rows, toHalf), toHalf).reduce((x, y) => Math.max(x, y), 0);
  const [u, v] = [most(a), most(b)];
  // No distance is more than four times the larger norm.
  if (4 * Math.max(u, v) <= largestHalf) return false;
  if (!Number.isFinite(u) || !Number.isFinite(v)) return true;
  let isTooLarge = false;
  eachOfBatch(a, b, toHalf, (_r, _c, squared) => {
    if (!Number.isFinite(squared)) isTooLarge = true;
  });
  return isTooLarge;
}

function eachOfBatch(a: FeatureRows, b: FeatureRows, round: Round, visit: Visit): void {
  const [u, v] = [halves(a, round), halves(b, round)];
  const [normsU, normsV] = [norms(u, round), norms(v, round)];
  rowProducts(rowsOf(u.data, u.width), rowsOf(v.data, v.width), ({ i, j, rows, columns, products, stride }) => {
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++) {
        const product = round(2 * round(products[r * stride + c]!));
        const squared = round(round(normsU[i + r]! - product) + normsV[j + c]!);
        visit(i + r, j + c, Math.max(0, squared));
      }
    }
  });
}

function batchOf(rows: FeatureRows, first: number): FeatureRows {
  const count = Math.min(batchRows, rows.count - first);
  return selectRows(
    rows,
    Array.from({ length: count }, (_, i) => first + i),
  );
}

function halves({ count, width, data }: FeatureRows, round: Round): FeatureRows {
  return { count, width, data: new Float32Array(data.map((x) => round(x))) };
}

/** Sums are kept in more digits than they are rounded to at the end, as matrix products do. */
function norms({ count, width, data }: FeatureRows, round: Round): Float64Array {
  return Float64Array.from({ length: count }, (_, row) => {
    let sum = 0;
    for (let i = 0; i < width; i++) sum += round(data[row * width + i]! ** 2);
    return round(sum);
  });
}

function mean(flags: Uint8Array): number {
  return flags.reduce((sum, x) => sum + x, 0) / flags.length;
}
