/** Base of every error this library throws on purpose: one sentence saying where, what was seen and what to do. */
export class DitError extends Error {
  override readonly name: string = "DitError";
}

/** Shapes, dtypes or attributes of a tensor operation do not fit. The message begins with the model path. */
export class ShapeError extends DitError {
  override readonly name = "ShapeError";
}

/** A backend lacks something that a graph needs. */
export class UnsupportedError extends DitError {
  override readonly name = "UnsupportedError";
}

/** A file is damaged, or is not what it says it is. */
export class FormatError extends DitError {
  override readonly name = "FormatError";
}

/** A setting is missing, unknown or out of range. */
export class ConfigError extends DitError {
  override readonly name = "ConfigError";
}

/** An optional runtime package is not installed. `install` is the command that brings it. */
export class MissingPackageError extends DitError {
  override readonly name = "MissingPackageError";
  constructor(
    readonly packageName: string,
    readonly install: string,
    options?: ErrorOptions,
  ) {
    super(`${packageName} is not installed. Install it with: ${install}`, options);
  }
}

/** What an error says, in one line: those of JSON.parse quote the text around, with its line breaks. */
export function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\s*\n\s*/g, " ");
}

/** The entry of `names` nearest to `name` by edit distance, if it is near enough to be a likely typo. */
export function didYouMean(name: string, names: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of names) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/**
 * A name that is none of `names`: what is there, and what may have been meant.
 * @param shown the name as the message has it
 */
export function unknownName(what: string, name: string, names: readonly string[], shown = name): ConfigError {
  const near = didYouMean(name, names);
  const meant = near === undefined ? "" : `; did you mean ${near}?`;
  return new ConfigError(`there is no ${what} ${shown}${meant} (${what}s: ${names.join(", ")})`);
}

/** Letters to change, add, leave out or swap with their neighbour. */
function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const above = rows[i - 1]!;
      const changed = above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = isSwap ? rows[i - 2]![j - 2]! + 1 : Number.POSITIVE_INFINITY;
      row.push(Math.min(changed, swapped, above[j]! + 1, row[j - 1]! + 1));
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
