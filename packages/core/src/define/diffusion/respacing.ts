import { ConfigError } from "../../ir/errors";
import { roundHalfToEven } from "./grid";

/**
 * Which of `steps` timesteps a shorter chain keeps, ascending.
 * - `"ddimN"`: 0, i, 2i, ... for the first integer stride i that gives exactly N.
 * - `"n"` or `"a,b,c"`: the chain is cut into sections of equal size (the remainder to the first ones), each of which
 *   keeps the given number, evenly from its first to its last step; a section of 0 keeps none.
 * - `""`: all.
 * @throws ConfigError when that many cannot be kept
 */
export function respace(steps: number, spec: string): Int32Array {
  if (spec === "") return Int32Array.from({ length: steps }, (_, i) => i);
  const ddim = /^ddim(\d+)$/.exec(spec);
  if (ddim !== null) return strided(steps, Number(ddim[1]));
  const counts = spec.split(",").map((count) => (/^\s*\d+\s*$/.test(count) ? Number(count) : Number.NaN));
  if (!(counts.reduce((sum, n) => sum + n) >= 1)) {
    throw new ConfigError(
      `respacing ${JSON.stringify(spec)}: write a count, counts per section as in "10,15,20", or "ddim50"`,
    );
  }
  const size = Math.floor(steps / counts.length);
  const larger = steps % counts.length;
  let start = 0;
  const kept = counts.flatMap((count, i) => {
    const length = size + (i < larger ? 1 : 0);
    if (length < count) throw new ConfigError(`cannot divide section of ${length} steps into ${count}`);
    const section = evenly(start, length, count);
    start += length;
    return section;
  });
  return Int32Array.from(kept);
}

function strided(steps: number, count: number): Int32Array {
  for (let stride = 1; stride < steps; stride++) {
    if (Math.ceil(steps / stride) === count) return Int32Array.from({ length: count }, (_, i) => i * stride);
  }
  throw new ConfigError(`cannot create exactly ${count} of ${steps} steps with an integer stride`);
}

/** Positions are summed up and rounded half to even, as the official code does: that decides some of them. */
function evenly(start: number, length: number, count: number): number[] {
  const stride = count <= 1 ? 1 : (length - 1) / (count - 1);
  let position = 0;
  return Array.from({ length: count }, () => {
    const step = start + roundHalfToEven(position);
    position += stride;
    return step;
  });
}
