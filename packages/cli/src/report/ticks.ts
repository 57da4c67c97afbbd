import { formatCount, formatShort } from "../output/formatNumber";

/** How values are laid out along an axis. */
export type Scale = "linear" | "log";

/** The ends of an axis, in values. */
export type Range = readonly [low: number, high: number];

/** Where `value` lies on an axis, from 0 at its low end to 1 at its high end. */
export function position(value: number, [low, high]: Range, scale: Scale): number {
  if (scale === "log") return (Math.log(value) - Math.log(low)) / (Math.log(high) - Math.log(low));
  return (value - low) / (high - low);
}

/** Round values inside `range`, about `target` of them. */
export function ticks(range: Range, scale: Scale, target = 5): number[] {
  return scale === "log" ? logTicks(range, target) : linearTicks(range, target);
}

/** Labels for steps of training, all in one unit: `500`, `2k`, `1.5M`. */
export function stepLabels(steps: readonly number[]): string[] {
  const top = Math.max(...steps);
  const [unit, suffix] = top >= 1e6 ? [1e6, "M"] : top >= 1e4 ? [1e3, "k"] : [1, ""];
  return steps.map((step) => (step === 0 || unit === 1 ? formatCount(step) : `${trimmed(step / unit)}${suffix}`));
}

/** Labels for measured values, all written the same way: `0.05`, or `5e-4` where the largest would begin with zeros. */
export function valueLabels(values: readonly number[]): string[] {
  const top = Math.max(...values.map(Math.abs));
  return values.map((value) => {
    if (value === 0) return "0";
    if (top < 5e-3) return value.toExponential().replace(/(\.\d{2})\d*e/, "$1e");
    return Math.abs(value) >= 1000 ? formatShort(value) : trimmed(value);
  });
}

function linearTicks([low, high]: Range, target: number): number[] {
  const step = niceStep((high - low) / target);
  const found: number[] = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++)
    found.push(Number((i * step).toPrecision(12)));
  return found;
}

function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const nice = [1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough * 0.999) ?? 10;
  return nice * power;
}

/** Powers of ten, with 2 and 5 (or just 3) between them while there is room. */
function logTicks(range: Range, target: number): number[] {
  const [low, high] = range;
  const decades = Math.log10(high / low);
  // Less than a third of a decade has hardly a round number in this pattern, and is nearly linear anyway.
  if (decades < 0.4) return linearTicks(range, target).filter((value) => value > 0);
  const factors = decades <= target / 3 ? [1, 2, 5] : decades <= target / 2 ? [1, 3] : [1];
  const every = Math.max(1, Math.ceil(decades / target));
  const found: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    if (factors.length === 1 && power % every !== 0) continue;
    for (const factor of factors) {
      const value = Number(`${factor}e${power}`);
      if (value >= low * 0.9999 && value <= high * 1.0001) found.push(value);
    }
  }
  return found;
}

function trimmed(value: number): string {
  return Number(value.toPrecision(4)).toString();
}
