import { ConfigError } from "@dit/core";
import type { z } from "zod";

/**
 * What `schema` makes of a value.
 * @throws ConfigError in one line: the dotted key, what was seen and what is allowed. Of several problems the first is told,
 * unknown keys before all: they are often the cause of the others.
 */
export function requireSchema<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  const { issues } = result.error;
  throw new ConfigError(sentence(issues.find(({ code }) => code === "unrecognized_keys") ?? issues[0]!));
}

function sentence(issue: z.core.$ZodIssue): string {
  const { path, input, message } = issue;
  if (issue.code === "unrecognized_keys") return `unknown key ${[...path, issue.keys[0]!].join(".")}`;
  const seen = input === undefined ? " is missing" : ` is ${JSON.stringify(input)}`;
  // Lists and objects may be long, and of them zod says what they should be in any case.
  const key = `${path.join(".") || "the whole"}${typeof input === "object" ? "" : seen}`;
  return `${key}: ${message.replace(/^[^:]+: /, "")}`;
}
