import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Backend, FormatError, hostF32 } from "@dit/core";
import { storedWeights, type TensorFile, toFloat64 } from "@dit/core/internal";
import { loadModel, openTensorFile } from "@dit/core/node";
import type { Findings } from "./check";
import type { Fixture, Values } from "./fixture";
import { modelOf } from "./network";
import { sameNames } from "./sameNames";

/** What each part of the expected values is read from, and its names there. */
const parts: readonly (readonly [part: string, files: readonly string[], nameIn: (name: string) => string])[] = [
  ["plain", ["plain.pt", "plain-legacy.pt"], (name) => name],
  ["fp16", ["plain-fp16.pt"], (name) => name],
  ["bf16", ["plain-bf16.pt"], (name) => name],
  ["model", ["training.pt", "training-legacy.pt"], (name) => `model.${name}`],
  ["ema", ["training.pt", "training-legacy.pt"], (name) => `ema.${name}`],
  ["opt", ["training.pt", "training-legacy.pt"], (name) => `opt.state.${name}`],
  ["views", ["views.pt"], (name) => name],
];

/** The files that the official code writes: every tensor bit for bit, the settings, and the models that they make. */
export async function officialCheckpoint(fixture: Fixture, _: Backend, findings: Findings): Promise<void> {
  const known = new Set(parts.flatMap(([, files]) => files));
  const present = [...known].filter((file) => existsSync(join(fixture.folder, file)));
  if (present.length === 0) throw new FormatError(`${fixture.file}: none of its files is in ${fixture.folder}`);
  const openFiles = new Map(present.map((file) => [file, openTensorFile(join(fixture.folder, file))]));
  const open = (file: string) => {
    const opened = openFiles.get(file);
    return opened === undefined ? [] : [{ file, opened }];
  };
  for (const [part, files, nameIn] of parts) {
    for (const { file, opened } of files.flatMap(open)) {
      for (const name of fixture.names.filter((name) => name.startsWith(`${part}.`))) {
        const stored = nameIn(name.slice(part.length + 1));
        findings.compare(`${file}: ${part}.*`, name, valuesOf(opened, stored, fixture.stored(name)));
      }
    }
  }
  for (const { opened } of open("views.pt")) checkViews(fixture, opened, findings);
  for (const { file, opened } of ["training.pt", "training-legacy.pt"].flatMap(open)) {
    checkSettings(fixture, file, opened, findings);
  }
  await checkModels(fixture, findings);
}

/** A number may be stored as a tensor without axes where one of one element is expected. */
function valuesOf(file: TensorFile, name: string, expected: Values): Values {
  const tensor = file.tensors.get(name);
  if (tensor === undefined) return { shape: [], data: [] };
  const shape = tensor.shape.length === 0 ? expected.shape : tensor.shape;
  return { shape, data: toFloat64(tensor) };
}

/** What the fixtures' README says of the tensors of other dtypes, in words. */
function checkViews(fixture: Fixture, file: TensorFile, findings: Findings): void {
  const whole = fixture.stored("views.whole");
  const width = whole.shape[1]!;
  const row = (i: number) => Array.from(whole.data).slice(i * width, (i + 1) * width);
  const counted = ["I64", [0, 1, 2, 3, 4]] as const;
  const expected: Readonly<Record<string, readonly [dtype: string, data: readonly number[]]>> = {
    i64: counted,
    i32: ["I32", counted[1]],
    u8: ["U8", counted[1]],
    bool: ["BOOL", [1, 0, 1]],
    f64: ["F64", row(0)],
    bf16: ["BF16", rounded(row(0))],
    param: ["F32", row(2)],
    scalar: ["F32", [3.5]],
    empty: ["F32", []],
  };
  const seen = [...file.tensors].map(([name, tensor]) => [name, [tensor.dtype, Array.from(toFloat64(tensor))]]);
  const actual = Object.fromEntries(seen.filter(([name]) => (name as string) in expected)) as Record<string, unknown>;
  sameNames(findings, "views.pt: other dtypes", expected, actual);
  const shapes = ["scalar", "empty"].map((name) => [name, file.tensors.get(name)?.shape]);
  sameNames(findings, "views.pt: shapes", { scalar: [], empty: [0, 3] }, Object.fromEntries(shapes));
}

/** The nearest numbers that bfloat16 has. */
function rounded(values: readonly number[]): number[] {
  const stored = storedWeights({ values: hostF32([values.length], values) }, "BF16");
  return Array.from(toFloat64(stored.get("values")!));
}

/** The optimiser's settings and the arguments of the script. */
function checkSettings(fixture: Fixture, file: string, { metadata }: TensorFile, findings: Findings): void {
  const of = (prefix: string) =>
    Object.fromEntries(Object.entries(metadata).filter(([name]) => name.startsWith(`${prefix}.`)));
  for (const [prefix, key] of [
    ["args", "args"],
    ["opt.param_groups", "opt_param_groups"],
  ] as const) {
    const expected = Object.fromEntries(leaves(fixture.setting(key), prefix));
    sameNames(findings, `${file}: ${prefix}`, sorted(expected), sorted(of(prefix)));
  }
}

function leaves(value: unknown, path: string): [string, string][] {
  if (typeof value !== "object" || value === null) return [[path, String(value)]];
  return Object.entries(value).flatMap(([key, item]) => leaves(item, `${path}.${key}`));
}

function sorted(record: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).sort());
}

/** A state dict, and a training checkpoint's averaged weights, as models whose configuration is guessed. */
async function checkModels(fixture: Fixture, findings: Findings): Promise<void> {
  const { dit } = modelOf(fixture);
  for (const [file, part] of [
    ["plain.pt", "plain"],
    ["plain-fp16.pt", "fp16"],
    ["training.pt", "ema"],
  ] as const) {
    if (!existsSync(join(fixture.folder, file))) continue;
    const model = await loadModel(join(fixture.folder, file), { dit: { heads: dit.heads } });
    sameNames(findings, `${file}: configuration`, { ...dit }, { ...model.config.dit });
    for (const [name, weight] of Object.entries(model.weights)) {
      findings.compare(`${file}: model`, `${part}.${name}`, weight);
    }
  }
}
