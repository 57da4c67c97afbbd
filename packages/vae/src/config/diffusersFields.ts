import { ConfigError, FormatError, UnsupportedError } from "@dit/core";
import { type ActivationName, activations } from "../nn/activations";

/** The entries of a `config.json` of diffusers. */
export type DiffusersConfig = Readonly<Record<string, unknown>>;

/** Reads entries by type. What is not there is diffusers' default for it. */
export function fieldsOf(json: DiffusersConfig) {
  const read = <T>(key: string, otherwise: T, isGood: (value: unknown) => value is T, allowed: string): T => {
    const value = json[key] === undefined ? otherwise : json[key];
    if (isGood(value)) return value;
    throw new FormatError(`${key} is ${JSON.stringify(value)}, allowed: ${allowed}`);
  };
  return {
    whole: (key: string, otherwise: number) => read(key, otherwise, isWhole, "a whole number from 1"),
    real: (key: string, otherwise: number) => read(key, otherwise, isReal, "a number"),
    /** Where null is "none". */
    realOrNull: (key: string) => read<number | null>(key, null, orNull(isReal), "a number or null"),
    flag: (key: string, otherwise: boolean) => read(key, otherwise, isFlag, "true or false"),
    wholes: (key: string, otherwise: readonly number[]) =>
      read(key, otherwise, listOf(isWhole), "whole numbers from 1"),
    /** How many of something there are, at each of several places. */
    counts: (key: string, otherwise: readonly number[]) =>
      read(key, otherwise, listOf(isCount), "whole numbers from 0"),
    realsOrNull: (key: string) => read<readonly number[] | null>(key, null, orNull(listOf(isReal)), "numbers or null"),
    /** One of the kinds that are known here for each level. */
    kinds: <T extends string>(key: string, otherwise: readonly T[], known: readonly T[]): readonly T[] =>
      read(key, otherwise, listOf(isText), "a list of names").map((name) => {
        const kind = known.find((candidate) => candidate === name);
        if (kind !== undefined) return kind;
        throw new UnsupportedError(`${key} has ${name}, which is not known (known: ${known.join(", ")})`);
      }),
    activation: (key: string, otherwise: ActivationName): ActivationName => {
      const name = read<string>(key, otherwise, isText, "a name");
      if (Object.hasOwn(activations, name)) return name as ActivationName;
      const known = Object.keys(activations).join(", ");
      throw new UnsupportedError(`${key} is ${name}, which is not known (known: ${known})`);
    },
  };
}

/** Runs `make`; what it finds unbuildable is the file's fault. */
export function ofFile<T>(make: () => T): T {
  try {
    return make();
  } catch (cause) {
    if (cause instanceof ConfigError) throw new FormatError(cause.message, { cause });
    throw cause;
  }
}

type Guard<T> = (value: unknown) => value is T;

const isWhole: Guard<number> = (value): value is number => Number.isSafeInteger(value) && (value as number) > 0;
const isCount: Guard<number> = (value): value is number => value === 0 || isWhole(value);
const isReal: Guard<number> = (value): value is number => typeof value === "number" && Number.isFinite(value);
const isFlag: Guard<boolean> = (value): value is boolean => typeof value === "boolean";
const isText: Guard<string> = (value): value is string => typeof value === "string";

function listOf<T>(isGood: Guard<T>): Guard<readonly T[]> {
  return (value): value is readonly T[] => Array.isArray(value) && value.every(isGood);
}

function orNull<T>(isGood: Guard<T>): Guard<T | null> {
  return (value): value is T | null => value === null || isGood(value);
}
