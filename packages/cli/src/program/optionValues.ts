import { InvalidArgumentError } from "@commander-js/extra-typings";
import { opsetRange } from "@dit/backend-ort";
import { didYouMean, type Precision } from "@dit/core";
import { precisions } from "../commands/plan";
import { type BackendConfig, backendNames, backends } from "../openBackend";

// What the words after a flag mean.

export function count(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value === 0) {
    throw new InvalidArgumentError("It must be a whole number from 1.");
  }
  return value;
}

export function counts(text: string): readonly number[] {
  return text.split(",").map((part) => count(part.trim()));
}

export function precisionList(text: string): readonly Precision[] {
  return text.split(",").map((part) => {
    const known = precisions.find((precision) => precision === part.trim());
    if (known === undefined) throw new InvalidArgumentError(`Graphs can be planned in ${precisions.join(", ")}.`);
    return known;
  });
}

/** `24GB`, `1.5 GiB`, `800MB`. */
export function bytes(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([kMG]i?)?B$/.exec(text) ?? [];
  if (number === undefined) throw new InvalidArgumentError("Write a size such as 24GB or 800MB.");
  const scale = unit === undefined ? 1 : (unit.endsWith("i") ? 1024 : 1000) ** ("kMG".indexOf(unit[0]!) + 1);
  return Number(number) * scale;
}

export function backendPair(text: string): readonly [BackendConfig, BackendConfig] {
  const [expected, actual, ...more] = text.split(",").map((name) => oneOf(backendNames)(name.trim()));
  if (expected === undefined || actual === undefined || more.length > 0) {
    throw new InvalidArgumentError("It must be two of them, such as reference,ort.");
  }
  return [backends[expected], backends[actual]];
}

export function whole(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value))
    throw new InvalidArgumentError("It must be a whole number from 0.");
  return value;
}

export function real(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError("It must be a number from 0.");
  return value;
}

export function fraction(text: string): number {
  const value = real(text);
  if (value > 1) throw new InvalidArgumentError("It must be a number from 0 to 1.");
  return value;
}

export function oneOf<T extends string>(names: readonly T[]): (text: string) => T {
  return (text) => {
    const found = names.find((name) => name === text);
    if (found !== undefined) return found;
    const near = didYouMean(text, names);
    throw new InvalidArgumentError(
      `${near === undefined ? "" : `Did you mean ${near}? `}It must be one of ${names.join(", ")}.`,
    );
  };
}

/** `2/8`: the second of eight. */
export function shard(text: string): { readonly index: number; readonly count: number } {
  const [, part, of] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  const [index, count] = [Number(part) - 1, Number(of)];
  if (part === undefined || index < 0 || index >= count)
    throw new InvalidArgumentError("Write the part and how many there are, such as 2/8.");
  return { index, count };
}

export function interval(text: string): [number, number] {
  const [from, to, ...more] = text.split(",").map((part) => real(part));
  if (from === undefined || to === undefined || more.length > 0 || from > to)
    throw new InvalidArgumentError("It must be two timesteps, as in 200,800.");
  return [from, to];
}

export function opset(text: string): number {
  const { from, to } = opsetRange;
  const value = count(text);
  if (value < from || value > to) throw new InvalidArgumentError(`It must be a whole number from ${from} to ${to}.`);
  return value;
}
