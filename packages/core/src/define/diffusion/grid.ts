// Grids as NumPy makes them: which timesteps a spacing keeps can hang on the last bit, so the order of operations is NumPy's.

/** `count` numbers from `first` to `last`, both included. */
export function linspace(first: number, last: number, count: number): Float64Array {
  const step = count > 1 ? (last - first) / (count - 1) : 0;
  return Float64Array.from({ length: count }, (_, i) => (i === count - 1 && count > 1 ? last : first + i * step));
}

/** `start`, `start + step`, ... up to, not including, `end`; `step` may be negative. */
export function arange(start: number, end: number, step: number): Float64Array {
  const distance = start + step - start;
  return Float64Array.from({ length: Math.max(0, Math.ceil((end - start) / step)) }, (_, i) => start + i * distance);
}

/** Halves go to the even neighbour; JavaScript's own rounding takes them up. */
export function roundHalfToEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** A table of values at 0, 1, 2, ... read between them, on straight lines; outside, its end values. */
export function interpolate(table: ArrayLike<number>, position: number): number {
  const last = table.length - 1;
  const clamped = Math.min(Math.max(position, 0), last);
  const below = Math.min(Math.floor(clamped), Math.max(last - 1, 0));
  const share = clamped - below;
  return share === 0 ? table[below]! : table[below]! + share * (table[below + 1]! - table[below]!);
}
