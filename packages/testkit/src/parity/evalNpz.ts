import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Backend } from "@dit/core";
import { sameShape } from "@dit/core/internal";
import { bytesSource, type NpzArray, npzWriter, openNpz, toNumbers } from "@dit/eval-fid";
import type { Findings } from "./check";
import { noteScalar, within } from "./evalScalars";
import type { Fixture } from "./fixture";

interface StoredArray {
  readonly shape: readonly number[];
  readonly sha256_row_major_little_endian: string;
  readonly sum: number;
  readonly first: readonly number[];
}

/** Every array of every file in the folder beside the json, read, and read again after we have written it. */
export async function evalNpz(fixture: Fixture, _backend: Backend, findings: Findings): Promise<void> {
  const folder = join(fixture.folder, basename(fixture.file, ".json"));
  for (const [file, arrays] of Object.entries(fixture.json)) {
    if (!file.endsWith(".npz")) continue;
    const read = await readAll(new Uint8Array(readFileSync(join(folder, file))));
    const again = await readAll(await written(read));
    for (const [name, stored] of Object.entries(arrays as Record<string, StoredArray>)) {
      compare(findings, "read", read.get(name), stored, `${file} ${name}`);
      if (again.has(name)) compare(findings, "written and read", again.get(name), stored, `${file} ${name}`);
    }
  }
}

async function readAll(bytes: Uint8Array): Promise<Map<string, NpzArray>> {
  const arrays = new Map<string, NpzArray>();
  for (const [name, entry] of await openNpz(bytesSource(bytes))) arrays.set(name, await entry.read());
  return arrays;
}

/** A file of our own with the arrays whose dtype we write. */
async function written(arrays: ReadonlyMap<string, NpzArray>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  const writer = npzWriter((bytes) => void pieces.push(bytes));
  for (const [name, { code, shape, data }] of arrays) {
    if (code === "u1" || code === "i4" || code === "i8" || code === "f4" || code === "f8") {
      await writer.add(name, code, shape, [data]);
    }
  }
  await writer.finish();
  return new Uint8Array(Buffer.concat(pieces));
}

function compare(
  findings: Findings,
  group: string,
  ours: NpzArray | undefined,
  stored: StoredArray,
  name: string,
): void {
  const hasBytes = ours !== undefined && digest(ours) === stored.sha256_row_major_little_endian;
  const isSame = hasBytes && sameShape(ours.shape, stored.shape);
  findings.note(`${group}: shape and bytes`, within(0, "different"), isSame ? 0 : 1, name);
  if (ours === undefined) return;
  const numbers = toNumbers(ours);
  const sum = numbers.reduce((total, x) => total + x, 0);
  noteScalar(findings, `${group}: values`, within(1e-12, "of the largest"), sum, stored.sum, name, scaleOf(numbers));
  stored.first.forEach((value, i) => {
    noteScalar(
      findings,
      `${group}: values`,
      within(1e-12, "of the largest"),
      numbers[i]!,
      value,
      name,
      scaleOf(numbers),
    );
  });
}

const scaleOf = (numbers: Float64Array) => numbers.reduce((most, x) => Math.max(most, Math.abs(x)), 1) * numbers.length;

function digest({ data }: NpzArray): string {
  return createHash("sha256")
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest("hex");
}
