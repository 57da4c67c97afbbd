import { didYouMean } from "@dit/core";
import type { z } from "zod";
import { allowedText, findSetting, keysAt, settings } from "./settings";

type Issue = z.core.$ZodIssue;

/**
 * One line about what is wrong with a merged config: the dotted key, where its value came from, what was seen and what is allowed.
 * Of several problems the first is told, unknown keys before all: they are often the cause of the others.
 */
export function explain(error: z.ZodError, tree: unknown, origins: ReadonlyMap<string, string>): string {
  const issues = error.issues.flatMap((issue) => flatten(issue, [], tree));
  const first = issues.find(({ issue }) => issue.code === "unrecognized_keys") ?? issues[0]!;
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : "";
  return `${sentence(first, tree, origins)}${more}`;
}

interface Located {
  readonly issue: Issue;
  readonly path: readonly PropertyKey[];
}

/** Replaces "matches no alternative" by the problems of the alternative that was meant: the one for an object, if there is one. */
function flatten(issue: Issue, prefix: readonly PropertyKey[], tree: unknown): Located[] {
  const path = [...prefix, ...issue.path];
  if (issue.code !== "invalid_union" || typeof valueAt(tree, path) !== "object") return [{ issue, path }];
  const meant = issue.errors.find((inner) => !inner.some((i) => i.path.length === 0 && i.code !== "unrecognized_keys"));
  return meant ? meant.flatMap((inner) => flatten(inner, path, tree)) : [{ issue, path }];
}

function sentence({ issue, path }: Located, tree: unknown, origins: ReadonlyMap<string, string>): string {
  const dotted = path.join(".");
  if (issue.code === "unrecognized_keys") {
    const key = issue.keys[0]!;
    const full = [...path, key].join(".");
    const kind = valueAt(tree, [...path, "kind"]);
    if (kind !== undefined && keysAt(dotted).includes(key))
      return `unknown key ${full} (${originOf(full, origins)}): ${dotted}.kind is ${JSON.stringify(kind)}, which has no ${key}`;
    const near = suggestKey(dotted, key);
    return `unknown key ${full} (${originOf(full, origins)})${near ? `; did you mean ${near}?` : `; known: ${keysAt(dotted).join(", ")}`}`;
  }
  if (issue.code === "custom") return `${dotted} ${issue.message} (${originOf(dotted, origins)})`;
  const value = valueAt(tree, path);
  const setting = nearestSetting(path);
  // Of a choice that each kind has its own of, the issue knows the values of the kind at hand.
  const isChoice = issue.code === "invalid_value" && setting?.schema.enum !== undefined;
  const schema = isChoice ? { ...setting.schema, enum: issue.values } : setting?.schema;
  const allowed = schema ? allowedText(schema) : objectText(dotted);
  const seen = value === undefined ? "is missing" : `is ${JSON.stringify(value)}`;
  const options = schema?.enum ?? schema?.anyOf?.flatMap((kind) => kind.enum ?? []) ?? [];
  const near =
    typeof value === "string"
      ? didYouMean(
          value,
          options.filter((o) => typeof o === "string"),
        )
      : undefined;
  return `${dotted} ${seen} (${originOf(dotted, origins)}), allowed: ${allowed}${near ? `; did you mean "${near}"?` : ""}`;
}

/** A sibling that is spelled alike, else the same name in another section: `steps` -> `train.steps`. */
function suggestKey(parent: string, key: string): string | undefined {
  const sibling = didYouMean(key, keysAt(parent));
  if (sibling !== undefined) return parent === "" ? sibling : `${parent}.${sibling}`;
  const lastName = (path: string) => path.split(".").at(-1)!;
  const elsewhere = didYouMean(
    key,
    settings.map(({ path }) => lastName(path)),
  );
  const matches = settings.filter(({ path }) => lastName(path) === elsewhere).map(({ path }) => path);
  return matches.length === 0 ? undefined : matches.join(" or ");
}

/** An error inside a list is about the list's setting. */
function nearestSetting(path: readonly PropertyKey[]) {
  return findSetting(path.join(".")) ?? findSetting(path.slice(0, -1).join("."));
}

function objectText(path: string): string {
  return `an object with ${keysAt(path).join(", ")}`;
}

/** Who set a key: itself, what is around it, or something inside of it. */
function originOf(path: string, origins: ReadonlyMap<string, string>): string {
  for (let at = path; at !== ""; at = at.slice(0, Math.max(0, at.lastIndexOf(".")))) {
    const origin = origins.get(at);
    if (origin !== undefined) return origin;
  }
  for (const [key, origin] of origins) if (key.startsWith(`${path}.`)) return origin;
  return "default";
}

function valueAt(tree: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], tree);
}
