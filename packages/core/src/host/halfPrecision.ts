// Two views of one word: same-sized elements, so this does not depend on the byte order of the machine.
const asFloat = new Float32Array(1);
const asBits = new Uint32Array(asFloat.buffer);

/** The value of an IEEE binary16 bit pattern. Exact. */
export function f16ToF32(bits: number): number {
  asBits[0] = f16BitsToF32Bits(bits);
  return asFloat[0]!;
}

/**
 * The binary16 bit pattern nearest to `value` (taken as float32), ties to even. Values from 65520 on become infinity,
 * those up to 2^-25 zero; NaN stays NaN and becomes quiet.
 */
export function f32ToF16(value: number): number {
  asFloat[0] = value;
  return f32BitsToF16Bits(asBits[0]!);
}

/** The value of a bfloat16 bit pattern. Exact. */
export function bf16ToF32(bits: number): number {
  asBits[0] = bits << 16;
  return asFloat[0]!;
}

/** The bfloat16 bit pattern nearest to `value` (taken as float32), ties to even; NaN stays NaN and becomes quiet. */
export function f32ToBf16(value: number): number {
  asFloat[0] = value;
  return f32BitsToBf16Bits(asBits[0]!);
}

/** The binary16 value nearest to a float64, ties to even. Rounded once: by way of float32 some ties would fall wrong. */
export function roundToF16(value: number): number {
  return rounded(value, 10, -14, 65504);
}

/** The bfloat16 value nearest to a float64, ties to even; rounded once. */
export function roundToBf16(value: number): number {
  return rounded(value, 7, -126, bf16ToF32(0x7f7f));
}

/** `f16ToF32` of every element, [n] to [n]. NaNs keep their bits. */
export function f16ArrayToF32(bits: Uint16Array): Float32Array {
  const out = new Float32Array(bits.length);
  const words = new Uint32Array(out.buffer);
  for (let i = 0; i < bits.length; i++) words[i] = f16BitsToF32Bits(bits[i]!);
  return out;
}

/** `f32ToF16` of every element, [n] to [n]. */
export function f32ArrayToF16(values: Float32Array): Uint16Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const out = new Uint16Array(values.length);
  for (let i = 0; i < out.length; i++) out[i] = f32BitsToF16Bits(words[i]!);
  return out;
}

/** `bf16ToF32` of every element, [n] to [n]. NaNs keep their bits. */
export function bf16ArrayToF32(bits: Uint16Array): Float32Array {
  const out = new Float32Array(bits.length);
  const words = new Uint32Array(out.buffer);
  for (let i = 0; i < bits.length; i++) words[i] = bits[i]! << 16;
  return out;
}

/** `f32ToBf16` of every element, [n] to [n]. */
export function f32ArrayToBf16(values: Float32Array): Uint16Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const out = new Uint16Array(values.length);
  for (let i = 0; i < out.length; i++) out[i] = f32BitsToBf16Bits(words[i]!);
  return out;
}

const asDouble = new Float64Array(1);
const asWords = new BigUint64Array(asDouble.buffer);

/** To `bits` binary places after the leading one, or fewer below the exponent `least` where numbers are subnormal. */
function rounded(value: number, bits: number, least: number, largest: number): number {
  if (!Number.isFinite(value)) return value;
  asDouble[0] = value;
  const exponent = Number((asWords[0]! >> 52n) & 0x7ffn) - 1023;
  // Adding and taking away 1.5 * 2^52 units leaves a whole number of units, rounded as float64 rounds: ties to even.
  const shift = 1.5 * 2 ** 52 * 2 ** (Math.max(exponent, least) - bits);
  const nearest = value + shift - shift;
  if (Math.abs(nearest) > largest) return nearest < 0 ? -Infinity : Infinity;
  return nearest === 0 ? value * 0 : nearest;
}

function f16BitsToF32Bits(half: number): number {
  const sign = (half & 0x8000) << 16;
  const magnitude = half & 0x7fff;
  if (magnitude >= 0x7c00) return sign | 0x7f800000 | ((magnitude & 0x3ff) << 13);
  if (magnitude >= 0x400) return sign | ((magnitude << 13) + 0x38000000);
  if (magnitude === 0) return sign;
  // Subnormal: float32 can hold it as a normal number, so move the leading 1 to the implicit place.
  const shift = Math.clz32(magnitude) - 21;
  return sign | (((magnitude << (shift + 13)) & 0x7fffff) + ((113 - shift) << 23));
}

function f32BitsToF16Bits(float: number): number {
  const sign = (float >>> 16) & 0x8000;
  const magnitude = float & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00 | ((magnitude >>> 13) & 0x3ff);
  if (magnitude >= 0x47800000) return sign | 0x7c00;
  if (magnitude >= 0x38800000) {
    // The carry of rounding runs into the exponent, and from the largest number into infinity, as it should.
    const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
    return sign | ((rounded - 0x38000000) >>> 13);
  }
  if (magnitude <= 0x33000000) return sign;
  const shift = 126 - (magnitude >>> 23);
  const mantissa = (magnitude & 0x7fffff) | 0x800000;
  const kept = mantissa >>> shift;
  const dropped = mantissa & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return sign | (kept + (dropped > half || (dropped === half && (kept & 1) === 1) ? 1 : 0));
}

function f32BitsToBf16Bits(float: number): number {
  if ((float & 0x7fffffff) > 0x7f800000) return (float >>> 16) | 0x40;
  return (float + 0x7fff + ((float >>> 16) & 1)) >>> 16;
}
