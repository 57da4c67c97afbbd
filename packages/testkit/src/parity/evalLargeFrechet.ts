import type { Backend } from "@dit/core";
import { frechetDistance, gaussian } from "@dit/eval-fid";
import { formulaUniform } from "../formula";
import type { Findings } from "./check";
import { noteScalar, within } from "./evalScalars";
import type { Fixture } from "./fixture";

interface StoredCase {
  readonly mean_term: number;
  readonly trace_real: number;
  readonly trace_fake: number;
  readonly trace_sqrt_product: number;
  readonly fid: number;
  readonly trace_sqrt_product_if_H_is_T: number;
  readonly fid_if_H_is_T: number;
  readonly S_real_00: number;
  readonly S_real_13: number;
  readonly S_fake_01: number;
}

/** Frechet distances of big covariances that a formula gives. */
export async function evalLargeFrechet(fixture: Fixture, _backend: Backend, findings: Findings): Promise<void> {
  const tag = fixture.setting<string>("tag");
  for (const [size, stored] of Object.entries(fixture.setting<Record<string, StoredCase>>("cases"))) {
    const n = Number(size);
    const a = Float64Array.from({ length: n }, (_, i) => Math.exp((-9 * i) / n));
    const b = Float64Array.from({ length: n }, (_, i) => Math.exp((-7 * ((i * 37) % n)) / n));
    const meanReal = formulaUniform(`m1-${tag}`, n);
    const moved = formulaUniform(`m2-${tag}`, n);
    const meanFake = meanReal.map((x, i) => x + 0.02 * (moved[i]! - 0.5));
    const real = gaussian(meanReal, hartleyConjugated(a));
    const note = (ours: number, expected: number, name: string, scale = stored.trace_real + stored.trace_fake) =>
      noteScalar(findings, `size ${n}`, within(1e-9, "of the traces"), ours, expected, name, scale);

    const v = formulaUniform(`v-${tag}`, n).map((u) => u - 0.5);
    const fake = gaussian(meanFake, reflected(v, b));
    note(real.covariance[0]!, stored.S_real_00, "S_real_00");
    note(real.covariance[n + 3]!, stored.S_real_13, "S_real_13");
    note(fake.covariance[1]!, stored.S_fake_01, "S_fake_01");
    const ours = frechetDistance(real, fake);
    note(ours.meanTerm, stored.mean_term, "mean_term");
    note(ours.traceReal, stored.trace_real, "trace_real");
    note(ours.traceFake, stored.trace_fake, "trace_fake");
    note(ours.traceRoot, stored.trace_sqrt_product, "trace_sqrt_product");
    note(ours.unclamped, stored.fid, "fid");

    const commuting = frechetDistance(real, gaussian(meanFake, hartleyConjugated(b)));
    note(commuting.traceRoot, stored.trace_sqrt_product_if_H_is_T, "trace_sqrt_product, H = T");
    note(commuting.unclamped, stored.fid_if_H_is_T, "fid, H = T");
  }
}

/**
 * T diag(d) T for T_jk = (cos + sin)(2 pi j k / n) / sqrt(n): [n, n]. The product of two such terms is the cosine of the
 * difference of their angles plus the sine of their sum, so that n values of each make the whole matrix.
 */
function hartleyConjugated(d: Float64Array): Float64Array {
  const n = d.length;
  const sums = (wave: (angle: number) => number) =>
    Float64Array.from({ length: n }, (_, m) =>
      d.reduce((sum, x, i) => sum + x * wave((2 * Math.PI * ((i * m) % n)) / n), 0),
    );
  const cosines = sums(Math.cos);
  const sines = sums(Math.sin);
  return Float64Array.from({ length: n * n }, (_, at) => {
    const [j, k] = [Math.floor(at / n), at % n];
    return (cosines[(j - k + n) % n]! + sines[(j + k) % n]!) / n;
  });
}

/** H diag(d) H for the reflection H = I - 2 v v^T / v.v: [n, n] */
function reflected(v: Float64Array, d: Float64Array): Float64Array {
  const n = v.length;
  const squares = v.reduce((sum, x) => sum + x * x, 0);
  const weighted = v.map((x, i) => d[i]! * x);
  const shared = (4 * v.reduce((sum, x, i) => sum + x * weighted[i]!, 0)) / squares ** 2;
  return Float64Array.from({ length: n * n }, (_, at) => {
    const [j, k] = [Math.floor(at / n), at % n];
    const cross = (2 * (v[j]! * weighted[k]! + weighted[j]! * v[k]!)) / squares;
    return (j === k ? d[j]! : 0) - cross + shared * v[j]! * v[k]!;
  });
}
