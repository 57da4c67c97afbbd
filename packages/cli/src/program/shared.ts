import { InvalidArgumentError, Option } from "@commander-js/extra-typings";
import type { ConfigSources } from "../config/resolveConfig";
import { backendNames } from "../openBackend";
import { createProgress, type Progress } from "../output/progress";

// What the commands have in common.

export type Json = true | "stream" | undefined;

export function jsonOption() {
  return new Option(
    "--json [mode]",
    "print the result as one JSON object; --json=stream: events too, one to a line",
  ).argParser((mode): true | "stream" => {
    if (mode === "object") return true;
    if (mode === "stream") return mode;
    throw new InvalidArgumentError("Write --json or --json=stream.");
  });
}

export function progressFor(label: string, json: Json): Progress {
  return createProgress({ label, json: json ?? false });
}

export function backendOption() {
  return new Option("--backend <name>", "what computes").choices(backendNames).default("ort" as const);
}

/** A config file, with the model that a flag names. */
export function sourcesOf(
  file: string | undefined,
  model: { readonly flag: string; readonly value: string | undefined },
  sets: readonly string[] = [],
): ConfigSources {
  return { ...(file === undefined ? {} : { file }), env: process.env, flags: { model }, sets };
}

export function answer(json: Json, result: object, text: string): void {
  if (json === undefined) process.stdout.write(`${text}\n`);
  else process.stdout.write(`${JSON.stringify(json === "stream" ? { event: "result", ...result } : result)}\n`);
}

export function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}
