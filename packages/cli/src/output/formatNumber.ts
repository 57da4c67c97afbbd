/** Whole numbers with thousands separated, the same in every locale: `33,000`. */
export function formatCount(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  return Math.round(value).toLocaleString("en-US");
}

/** Large numbers in four digits at most: `32.9 M`, `1.2 k`. */
export function formatShort(value: number): string {
  for (const [size, unit] of [
    [1e9, "G"],
    [1e6, "M"],
    [1e4, "k"],
  ] as const) {
    if (Math.abs(value) >= size) return `${threeDigits(unit === "k" ? value / 1000 : value / size)} ${unit}`;
  }
  return Math.abs(value) >= 1000 ? formatCount(value) : threeDigits(value);
}

/** A measured value to `digits` significant digits: `0.0432`, `1.30e-4` where zeros would pile up, `NaN` and `Infinity` as they are. */
export function formatValue(value: number, digits = 3): string {
  if (!Number.isFinite(value) || value === 0) return String(value);
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 1e5) return value.toExponential(digits - 1).replace("e+", "e");
  if (size >= 10 ** digits) return formatCount(value);
  return value.toPrecision(digits);
}

function threeDigits(value: number): string {
  return Number(value.toPrecision(3)).toString();
}

/** Bytes in decimal units, three digits: `2.7 GB`, `530 MB`. */
export function formatBytes(value: number): string {
  for (const [size, unit] of [
    [1e9, "GB"],
    [1e6, "MB"],
    [1e3, "kB"],
  ] as const) {
    if (value >= size) return `${threeDigits(value / size)} ${unit}`;
  }
  return `${value} B`;
}
