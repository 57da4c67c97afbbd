import { z } from "zod";
import { trainConfigSchema } from "./trainConfig";

/** The part of JSON Schema that zod writes for this config. */
export interface SchemaNode {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly prefixItems?: readonly SchemaNode[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly description?: string;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly exclusiveMaximum?: number;
  /** Our own: the allowed values in words, where a pattern would not help. */
  readonly allowed?: string;
}

/** The JSON Schema of a training config, for editors: point a config file's `$schema` at it. */
export const trainConfigJsonSchema = z.toJSONSchema(trainConfigSchema, { io: "input" }) as SchemaNode;

/** One setting that can be given in a file, the environment, a flag or `--set`. */
export interface Setting {
  /** Dotted, such as `train.learningRate`. */
  readonly path: string;
  /** `DIT_` and the path in capitals, words and levels joined by single underscores: `DIT_TRAIN_LEARNING_RATE`. */
  readonly env: string;
  readonly description: string;
  /** The allowed values, in words. */
  readonly allowed: string;
  readonly schema: SchemaNode;
}

/** Every setting, in the order of the schema. */
export const settings: readonly Setting[] = collect(trainConfigJsonSchema, []);

/** The setting at a dotted path, or undefined. */
export function findSetting(path: string): Setting | undefined {
  return settings.find((setting) => setting.path === path);
}

/** Names of the keys that the object at `path` may have; of all kinds of it, where there are several. */
export function keysAt(path: string): string[] {
  const prefix = path === "" ? "" : `${path}.`;
  const keys = settings.filter((s) => s.path.startsWith(prefix)).map((s) => s.path.slice(prefix.length).split(".")[0]!);
  return [...new Set(keys)];
}

/** What `schema` allows, in words: `a whole number from 1, or null`. */
export function allowedText(schema: SchemaNode): string {
  if (schema.allowed !== undefined) return schema.allowed;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return listed(schema.enum.map((value) => JSON.stringify(value)));
  const kinds = schema.anyOf ?? schema.oneOf;
  if (kinds) return [...new Set(kinds.map(allowedText))].join(", or ");
  switch (schema.type) {
    case "integer":
      return `a whole number${range(schema)}`;
    case "number":
      return `a number${range(schema)}`;
    case "boolean":
      return "true or false";
    case "string":
      return "a text";
    case "array":
      return `a list [${(schema.prefixItems ?? []).map(allowedText).join(", ")}]`;
    case "object":
      return `{${Object.keys(schema.properties ?? {}).join(", ")}}`;
    default:
      return schema.type ?? "anything";
  }
}

function collect(node: SchemaNode, path: readonly string[]): Setting[] {
  const kinds = [node, ...(node.anyOf ?? []), ...(node.oneOf ?? [])];
  const objects = kinds.filter((kind) => kind.properties);
  const found: Setting[] = [];
  // A union of an object and plain values, such as `model`, is a setting itself too.
  if (path.length > 0 && objects.length < (node.anyOf ?? node.oneOf ?? [node]).length) {
    const dotted = path.join(".");
    found.push({
      path: dotted,
      env: envName(dotted),
      description: node.description ?? "",
      allowed: allowedText(node),
      schema: node,
    });
  }
  const seen = new Map<string, SchemaNode[]>();
  for (const object of objects) {
    for (const [key, child] of Object.entries(object.properties!)) seen.set(key, [...(seen.get(key) ?? []), child]);
  }
  for (const [key, children] of seen) {
    const child = children.length === 1 ? children[0]! : merge(children);
    found.push(...collect(child, [...path, key]));
  }
  return found;
}

/** The same key in several kinds of an object: `kind` itself, or a choice of which each kind has its own. */
function merge(children: readonly SchemaNode[]): SchemaNode {
  const described = children.map(({ const: kind, description = "" }) =>
    kind === undefined ? description : `${kind}: ${description}`,
  );
  return {
    enum: [...new Set(children.flatMap((child) => child.enum ?? [child.const]))],
    description: [...new Set(described)].join("; "),
  };
}

function envName(path: string): string {
  return `DIT_${path
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replaceAll(".", "_")
    .toUpperCase()}`;
}

function range({ minimum, exclusiveMinimum, maximum, exclusiveMaximum }: SchemaNode): string {
  const parts = [
    minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER && ` from ${minimum}`,
    exclusiveMinimum !== undefined && ` above ${exclusiveMinimum}`,
    maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER && ` to ${maximum}`,
    exclusiveMaximum !== undefined && `${minimum === undefined ? "" : " to"} below ${exclusiveMaximum}`,
  ];
  return parts.filter(Boolean).join("");
}

function listed(values: readonly string[]): string {
  return values.length < 2 ? values.join("") : `${values.slice(0, -1).join(", ")} or ${values.at(-1)}`;
}
