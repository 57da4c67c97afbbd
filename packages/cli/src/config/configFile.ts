import { readFileSync } from "node:fs";
import { basename, dirname, isAbsolute, relative, resolve } from "node:path";
import { ConfigError } from "@dit/core";
import { parseJsonWithComments } from "./jsonWithComments";

/** The settings of one file, without what it extends. */
export interface ConfigFile {
  /** The file's name for messages and origins: relative to the working folder, without folders outside of it. */
  readonly shown: string;
  readonly values: Readonly<Record<string, unknown>>;
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
      throw new ConfigError(`${shownName(path)} extends itself: ${[...seen, path].map(shownName).join(" -> ")}`);
    }
    seen.push(path);
    const content = readObject(path, seen.at(-2));
    const { extends: base } = content;
    if (base !== undefined && typeof base !== "string") {
      throw new ConfigError(
        `extends is ${JSON.stringify(base)} (file ${shownName(path)}), allowed: the path of a JSON file`,
      );
    }
    const values = Object.fromEntries(Object.entries(content).filter(([key]) => !notes.includes(key)));
    chain.unshift({ shown: shownName(path), values });
    next = base === undefined ? undefined : resolve(dirname(path), base);
  }
  return chain;
}

function readObject(path: string, extendedBy: string | undefined): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const why = code === "ENOENT" ? "there is no such file" : `it cannot be read (${code})`;
    const by = extendedBy === undefined ? "" : `, which ${shownName(extendedBy)} extends`;
    throw new ConfigError(`config file ${shownName(path)}${by}: ${why}`, { cause });
  }
  const content = parseJsonWithComments(text, shownName(path));
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    throw new ConfigError(`config file ${shownName(path)} must hold one object { ... }`);
  }
  return content as Record<string, unknown>;
}

/** Origins end up in the run's manifest, which must not give away where a user's home is. */
function shownName(path: string): string {
  const shown = relative(process.cwd(), path);
  return shown.startsWith("..") || isAbsolute(shown) ? basename(path) : shown.replaceAll("\\", "/");
}
