import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Backend } from "@dit/core";
import { sameShape } from "@dit/core/internal";
import {
  bytesSource,
  type NpzArray,
  type NpzEntry,
  type NpzWriter,
  npzWriter,
  openNpz,
  toNumbers,
} from "@dit/eval-fid";
import type { Findings } from "./check";
import { noteScalar, within } from "./evalScalars";
import type { Fixture } from "./fixture";

interface StoredArray {
  readonly shape: readonly number[];
  readonly sha256_row_major_little_endian: string;
  readonly sum: number;
  readonly first: readonly number[];
}

/** Every array of every file in the folder beside the json, read, and read again after we have written and copied it. */
export async function evalNpz(fixture: Fixture, _backend: Backend, findings: Findings): Promise<void> {
  const { folder } = fixture;
  for (const [file, arrays] of Object.entries(fixture.json)) {
    if (!file.endsWith(".npz")) continue;
    const expected = Object.entries(arrays as Record<string, StoredArray>);
    const names = expected.map(([name]) => name);
    const opened = await openNpz(bytesSource(new Uint8Array(readFileSync(join(folder, file)))));
    const read = await readAll(opened, names);
    const again = await readAll(await openNpz(bytesSource(await written(read))), names);
    const copies = await readAll(await openNpz(bytesSource(await copied(opened))), names);
    for (const [name, stored] of expected) {
      compare(findings, "read", read.get(name), stored, `${file} ${name}`);
      compare(findings, "written and read", again.get(name), stored, `${file} ${name}`);
      compare(findings, "copied and read", copies.get(name), stored, `${file} ${name}`);
    }
  }
}

/** The arrays of those names that are there. */
async function readAll(arrays: ReadonlyMap<string, NpzEntry>, names: readonly string[]) {
  const read = new Map<string, NpzArray>();
  for (const name of names) {
    const entry = arrays.get(name);
    if (entry !== undefined) read.set(name, await entry.read());
  }
  return read;
}

/** A file of our own with the arrays' numbers. */
function written(arrays: ReadonlyMap<string, NpzArray>): Promise<Uint8Array> {
  return file(async (writer) => {
    for (const [name, { code, shape, data }] of arrays) await writer.add(name, code, shape, [data]);
  });
}

/** A file of our own with the arrays as they are. */
function copied(arrays: ReadonlyMap<string, NpzEntry>): Promise<Uint8Array> {
  return file(async (writer) => {
    for (const [name, entry] of arrays) await writer.copy(name, entry.bytes());
  });
}

async function file(fill: (writer: NpzWriter) => Promise<void>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  const writer = npzWriter((bytes) => void pieces.push(bytes));
  await fill(writer);
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
