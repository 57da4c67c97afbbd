import { ConfigError } from "../../../ir/errors";

/** A `scheduler_config.json` of diffusers, parsed. */
export type SchedulerConfig = Readonly<Record<string, unknown>>;

/** Reads a configuration field by field. A field that is missing or null has the default given with it. */
export interface Fields {
  readonly scheduler: string;
  number(name: string, otherwise: number): number;
  flag(name: string, otherwise: boolean): boolean;
  /** A number that may be absent. */
  optional(name: string): number | undefined;
  /** One of the texts that are supported. */
  choice<T extends string>(name: string, supported: readonly T[], otherwise: T): T;
  numbers(name: string): readonly number[] | undefined;
  /** Fields that are known and not supported when they are on. */
  refuse(...names: readonly string[]): void;
}

/** @throws ConfigError at the first field that is of another type, or not supported */
export function fieldsOf(scheduler: string, config: SchedulerConfig): Fields {
  const wrong = (name: string, wanted: string) =>
    new ConfigError(`${scheduler}: ${name} is ${JSON.stringify(config[name])}, ${wanted}`);
  const given = (name: string) => config[name] ?? undefined;
  const optional = (name: string): number | undefined => {
    const value = given(name);
    if (value === undefined || typeof value === "number") return value;
    throw wrong(name, "expected a number");
  };
  return {
    scheduler,
    optional,
    number: (name, otherwise) => optional(name) ?? otherwise,
    flag: (name, otherwise) => {
      const value = given(name) ?? otherwise;
      if (typeof value !== "boolean") throw wrong(name, "expected true or false");
      return value;
    },
    choice: (name, supported, otherwise) => {
      const value = given(name) ?? otherwise;
      const found = supported.find((text) => text === value);
      if (found === undefined) throw wrong(name, `which is not supported (supported: ${supported.join(", ")})`);
      return found;
    },
    numbers: (name) => {
      const value = given(name);
      if (value === undefined) return undefined;
      if (!Array.isArray(value) || value.some((x) => typeof x !== "number")) throw wrong(name, "expected numbers");
      return value;
    },
    refuse: (...names) => {
      const on = names.find((name) => given(name) !== undefined && given(name) !== false);
      if (on !== undefined) throw wrong(on, "which is not supported");
    },
  };
}
