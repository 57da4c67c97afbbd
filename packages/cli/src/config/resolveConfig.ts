import { ConfigError, didYouMean } from "@dit/core";
import { readConfigFiles } from "./configFile";
import { explain } from "./explain";
import { findSetting, type SchemaNode, settings } from "./settings";
import { type TrainConfig, trainConfigSchema } from "./trainConfig";

/** Where the values of a config come from; each later one overrides the ones before. */
export interface ConfigSources {
  /** Path of a JSON file, which may `extends` another. */
  readonly file?: string | undefined;
  /** Path of the `config.json` of a run that goes on: its values keep the origins that it notes. */
  readonly run?: string | undefined;
  /** The process's environment, of which `DIT_*` is read: `DIT_TRAIN_STEPS=100`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Flags by the dotted key that they set; undefined values were not given. */
  readonly flags?: Readonly<Record<string, { readonly flag: string; readonly value: unknown }>>;
  /** `--set` arguments: `train.steps=100`, values as JSON or else as text. */
  readonly sets?: readonly string[];
}

/** A complete config, and for each dotted key who said so: `default`, `file x.json`, `env DIT_X`, `flag --steps` or `--set`. */
export interface ResolvedConfig {
  readonly config: TrainConfig;
  readonly origins: Readonly<Record<string, string>>;
}

type Tree = Record<string, unknown>;

/**
 * Merges defaults < config file < environment < flags < `--set` and checks the result.
 * @throws ConfigError in one line with the key, its origin and what is allowed.
 */
export function resolveConfig(sources: ConfigSources): ResolvedConfig {
  const tree: Tree = {};
  const origins = new Map<string, string>();
  const apply = (values: Tree, origin: string) => assign(tree, values, origin, origins, "");
  apply(trainConfigSchema.parse({}), "default");
  if (sources.file !== undefined) {
    for (const { shown, values } of readConfigFiles(sources.file)) apply({ ...values }, `file ${shown}`);
  }
  if (sources.run !== undefined) {
    for (const { shown, values, origins: noted } of readConfigFiles(sources.run)) {
      apply({ ...values }, `file ${shown}`);
      for (const [path, origin] of Object.entries(noted)) if (origins.has(path)) origins.set(path, origin);
    }
  }
  for (const [name, text] of ditVariables(sources.env ?? {})) {
    const setting = settings.find((candidate) => candidate.env === name)!;
    apply(nested(setting.path, parseValue(text, setting.schema)), `env ${name}`);
  }
  for (const [path, { flag, value }] of Object.entries(sources.flags ?? {})) {
    if (value === undefined) continue;
    const parsed = typeof value === "string" ? parseValue(value, findSetting(path)?.schema) : value;
    apply(nested(path, parsed), `flag ${flag}`);
  }
  for (const set of sources.sets ?? []) {
    const equals = set.indexOf("=");
    if (equals < 1) throw new ConfigError(`--set ${set} has no "="; write --set train.steps=100`);
    const path = set.slice(0, equals).trim();
    apply(nested(path, parseValue(set.slice(equals + 1), findSetting(path)?.schema)), "--set");
  }
  const result = trainConfigSchema.safeParse(tree);
  if (!result.success) throw new ConfigError(explain(result.error, tree, origins));
  // Keys that a kind of backend or model fills in by itself have no origin yet.
  const leaves = Object.fromEntries(leafPaths(result.data, "").map((path) => [path, origins.get(path) ?? "default"]));
  return { config: result.data, origins: leaves };
}

/** The text of a run's `config.json`: can be given to `--config` again, with the origins beside the values. */
export function configFileText({ config, origins }: ResolvedConfig): string {
  return `${JSON.stringify({ ...config, $origins: origins }, null, 2)}\n`;
}

/** Merges `values` into `tree`. An object of another `kind` replaces the old one instead: its other keys mean something else. */
function assign(tree: Tree, values: Tree, origin: string, origins: Map<string, string>, prefix: string): void {
  for (const [key, value] of Object.entries(values)) {
    const path = `${prefix}${key}`;
    if (key === "__proto__") throw new ConfigError(`unknown key ${path} (${origin})`);
    const old = tree[key];
    if (isTree(value) && isTree(old) && (value.kind === undefined || value.kind === old.kind)) {
      assign(old, value, origin, origins, `${path}.`);
      continue;
    }
    for (const known of [...origins.keys()]) if (known === path || known.startsWith(`${path}.`)) origins.delete(known);
    if (isTree(value)) {
      const fresh: Tree = {};
      tree[key] = fresh;
      origins.set(path, origin);
      assign(fresh, value, origin, origins, `${path}.`);
    } else {
      tree[key] = value;
      origins.set(path, origin);
    }
  }
}

/**
 * The variables that set something. Others that begin with `DIT_` are left alone (`DIT_DEBUG` is not a setting),
 * unless they are near misses: a typo must not silently train with the default.
 */
function ditVariables(env: Readonly<Record<string, string | undefined>>): [name: string, text: string][] {
  const known = settings.map((setting) => setting.env);
  const sections = known.filter((name) => name.split("_").length > 2).map((name) => name.split("_", 2).join("_"));
  const found: [string, string][] = [];
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith("DIT_") || text === undefined) continue;
    if (known.includes(name)) {
      found.push([name, text]);
      continue;
    }
    const near = didYouMean(name, known);
    const inSection = sections.some((section) => name.startsWith(`${section}_`));
    // Short names (DIT_NAME) are near to much that is not meant for us (DIT_HOME).
    if (inSection || (near !== undefined && near.length > "DIT_NAME".length)) {
      throw new ConfigError(`unknown environment variable ${name}${near ? `; did you mean ${near}?` : ""}`);
    }
  }
  return found.sort(([a], [b]) => known.indexOf(a) - known.indexOf(b));
}

/** JSON where it is JSON, else the text itself; and the text too where only a text is allowed (`--set name=2024`). */
function parseValue(text: string, schema: SchemaNode | undefined): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return text;
  }
  const kinds = schema ? [schema, ...(schema.anyOf ?? [])].map((kind) => kind.type) : [];
  const textOnly = kinds.includes("string") && !kinds.includes("number") && !kinds.includes("integer");
  return textOnly && typeof value !== "string" && value !== null && typeof value !== "object" ? text : value;
}

function nested(path: string, value: unknown): Tree {
  return path.split(".").reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Tree;
}

function leafPaths(tree: object, prefix: string): string[] {
  return Object.entries(tree).flatMap(([key, value]) => {
    return isTree(value) ? leafPaths(value, `${prefix}${key}.`) : [`${prefix}${key}`];
  });
}

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
