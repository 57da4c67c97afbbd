import { readFileSync } from "node:fs";
import { basename, dirname, isAbsolute, relative, resolve } from "node:path";
import { ConfigError } from "@dit/core";
import { parseJsonWithComments } from "./jsonWithComments";

/** The settings of one file, without what it extends. */
export interface ConfigFile {
  /** The file's name for messages and origins. */
  readonly shown: string;
  readonly values: Readonly<Record<string, unknown>>;
  /** What a run's own `config.json` says of where its values came from. */
  readonly origins: Readonly<Record<string, string>>;
}

/** Keys that are about the file and not about the run. */
const notes: readonly string[] = ["$schema", "$origins", "extends"];

/**
 * Reads a config file and what it `extends` (another JSON file, relative to it), most basic first.
 * @throws ConfigError when a file is missing, is not a JSON object, or extends itself.
 */
export function readConfigFiles(file: string): ConfigFile[] {
  const chain: ConfigFile[] = [];
  const seen: string[] = [];
  for (let next: string | undefined = resolve(file); next !== undefined; ) {
    const path: string = next;
    if (seen.includes(path)) {
      throw new ConfigError(`${shownPath(path)} extends itself: ${[...seen, path].map(shownPath).join(" -> ")}`);
    }
    seen.push(path);
    const content = readJsonObject(path, seen.at(-2));
    const { extends: base } = content;
    if (base !== undefined && typeof base !== "string") {
      throw new ConfigError(
        `extends is ${JSON.stringify(base)} (file ${shownPath(path)}), allowed: the path of a JSON file`,
      );
    }
    const values = Object.fromEntries(Object.entries(content).filter(([key]) => !notes.includes(key)));
    chain.unshift({ shown: shownPath(path), values, origins: originsOf(content.$origins) });
    next = base === undefined ? undefined : resolve(dirname(path), base);
  }
  return chain;
}

/**
 * One JSON object, comments allowed, without what it extends.
 * @throws ConfigError when the file is missing, or is none
 */
export function readJsonObject(path: string, extendedBy?: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const why = code === "ENOENT" ? "there is no such file" : `it cannot be read (${code})`;
    const by = extendedBy === undefined ? "" : `, which ${shownPath(extendedBy)} extends`;
    throw new ConfigError(`config file ${shownPath(path)}${by}: ${why}`, { cause });
  }
  const content = parseJsonWithComments(text, shownPath(path));
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    throw new ConfigError(`config file ${shownPath(path)} must hold one object { ... }`);
  }
  return content as Record<string, unknown>;
}

function originsOf(noted: unknown): Record<string, string> {
  const entries = typeof noted === "object" && noted !== null ? Object.entries(noted) : [];
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}

/**
 * A path as it may be written into files and messages: relative to the working folder, without folders outside of it.
 * Origins end up in the run's manifest, which must not give away where a user's home is.
 */
export function shownPath(path: string): string {
  const shown = relative(process.cwd(), path);
  return shown.startsWith("..") || isAbsolute(shown) ? basename(path) : shown.replaceAll("\\", "/");
}
