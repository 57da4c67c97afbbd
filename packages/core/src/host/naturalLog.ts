const ln2High = 0.6931471803691238; // the upper 33 bits of ln 2, so that its product with an exponent is exact
const ln2Low = 1.9082149292705877e-10;
const smallestNormal = 2.2250738585072014e-308;
const twoTo54 = 18014398509481984;
const float64 = new DataView(new ArrayBuffer(8));

/**
 * The natural logarithm of a float64, to within 1 unit in the last place or so, using + - * / only. Math.log is left to
 * the engine by ECMAScript and its bits differ between engines; these do not. Special values are those of Math.log.
 *
 * With x = 2^e m, sqrt(1/2) < m <= sqrt(2), f = m - 1 and s = f / (2 + f): log m = 2 atanh(s) = 2s + 2s^3/3 + 2s^5/5
 * ... The sum is arranged as in fdlibm's e_log.c, where f, which is exact, carries most of the result.
 */
export function naturalLog(x: number): number {
  if (!(x > 0) || x === Infinity) return x === Infinity ? x : x === 0 ? -Infinity : Number.NaN;
  let exponent = 0;
  if (x < smallestNormal) {
    exponent = -54;
    x *= twoTo54;
  }
  float64.setFloat64(0, x);
  const upper = float64.getUint32(0);
  exponent += (upper >>> 20) - 1023;
  float64.setUint32(0, (upper & 0xfffff) | 0x3ff00000);
  let m = float64.getFloat64(0);
  if (m > Math.SQRT2) {
    m *= 0.5;
    exponent += 1;
  }
  const f = m - 1;
  const s = f / (2 + f);
  const z = s * s;
  // |s| < 0.1716, so the first term left out, 2 z^12 / 25, is below 4e-20.
  let series = 2 / 23;
  series = series * z + 2 / 21;
  series = series * z + 2 / 19;
  series = series * z + 2 / 17;
  series = series * z + 2 / 15;
  series = series * z + 2 / 13;
  series = series * z + 2 / 11;
  series = series * z + 2 / 9;
  series = series * z + 2 / 7;
  series = series * z + 2 / 5;
  series = series * z + 2 / 3;
  const halfSquare = 0.5 * f * f;
  return exponent * ln2High - (halfSquare - (s * (halfSquare + z * series) + exponent * ln2Low) - f);
}
