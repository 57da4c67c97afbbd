import { concatBytes } from "../concatBytes";
import { zipBytes } from "../zipBytes";
import { zipWriter } from "../zipWriter";

// Files as torch.save writes them, and as it never would: for tests.

/** A value to pickle. Lists become tuples. */
export type Pickled =
  | string
  | number
  | boolean
  | null
  | readonly Pickled[]
  | ReadonlyMap<string, Pickled>
  /** `module name` */
  | { readonly global: string }
  | { readonly call: Pickled; readonly args: readonly Pickled[] }
  | { readonly persistent: Pickled }
  /** Operations as they are. */
  | { readonly raw: readonly number[] };

/** A pickle of protocol 2. */
export function pickleBytes(value: Pickled): Uint8Array {
  return Uint8Array.from([0x80, 2, ...operationsOf(value), 0x2e]);
}

function operationsOf(value: Pickled): number[] {
  if (value === null) return [0x4e];
  if (typeof value === "boolean") return [value ? 0x88 : 0x89];
  if (typeof value === "number") return integer(value);
  if (typeof value === "string") {
    const bytes = [...new TextEncoder().encode(value)];
    return [0x58, ...uint32(bytes.length), ...bytes];
  }
  if (Array.isArray(value)) return [0x28, ...value.flatMap(operationsOf), 0x74];
  if (value instanceof Map) {
    return [0x7d, 0x28, ...[...value].flatMap(([key, item]) => [...operationsOf(key), ...operationsOf(item)]), 0x75];
  }
  if ("global" in value) return [0x63, ...new TextEncoder().encode(`${value.global.replace(" ", "\n")}\n`)];
  if ("call" in value) return [...operationsOf(value.call), ...operationsOf(value.args), 0x52];
  if ("persistent" in value) return [...operationsOf(value.persistent), 0x51];
  return [...(value as { raw: readonly number[] }).raw];
}

/** An integer of up to 6 bytes. */
function integer(value: number): number[] {
  if (value >= 0 && value < 256) return [0x4b, value];
  return [0x8a, 7, ...Array.from({ length: 7 }, (_, i) => Math.floor(value / 256 ** i) & 0xff)];
}

function uint32(value: number): number[] {
  return [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);
}

export interface ViewOptions {
  readonly offset?: number;
  readonly strides?: readonly number[];
  /** Elements of the storage. */
  readonly length?: number;
  readonly type?: string;
}

/** A tensor as `torch.save` describes it: a view of the storage `key`. */
export function pickledTensor(key: string, shape: readonly number[], options: ViewOptions = {}): Pickled {
  const size = shape.reduce((product, n) => product * n, 1);
  const dense = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, n) => product * n, 1));
  const { offset = 0, strides = dense, length = size, type = "FloatStorage" } = options;
  return {
    call: { global: "torch._utils _rebuild_tensor_v2" },
    args: [
      { persistent: ["storage", { global: `torch ${type}` }, key, "cpu", length] },
      offset,
      shape,
      strides,
      false,
      { call: { global: "collections OrderedDict" }, args: [] },
    ],
  };
}

/** The zip container. */
export function torchZipBytes(value: Pickled, storages: Readonly<Record<string, Uint8Array>> = {}): Uint8Array {
  return zipBytes([
    { name: "archive/data.pkl", bytes: pickleBytes(value) },
    ...Object.entries(storages).map(([key, bytes]) => ({ name: `archive/data/${key}`, bytes })),
  ]);
}

/** The older container. */
export function torchLegacyBytes(value: Pickled, storages: Readonly<Record<string, Float32Array>> = {}): Uint8Array {
  return concatBytes([
    ...torchLegacyPieces(
      value,
      Object.entries(storages).map(([key, data]) => [key, () => data]),
    ),
  ]);
}

/** Storages in order, each made when it is written: for files that are larger than memory. */
export type Storages = readonly (readonly [key: string, load: () => Float32Array])[];

/** The zip container in pieces. */
export function* torchZipPieces(value: Pickled, storages: Storages): Generator<Uint8Array, void> {
  const zip = zipWriter();
  function* file(name: string, bytes: Uint8Array) {
    yield zip.begin(`archive/${name}`);
    zip.data(bytes);
    yield bytes;
    yield zip.end();
  }
  yield* file("data.pkl", pickleBytes(value));
  for (const [key, load] of storages) yield* file(`data/${key}`, bytesOf(load()));
  yield zip.finish();
}

/** The older container in pieces. */
export function* torchLegacyPieces(value: Pickled, storages: Storages): Generator<Uint8Array, void> {
  const magic = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
  yield pickleBytes({ raw: magic });
  yield pickleBytes(1001);
  yield pickleBytes(new Map([["little_endian", true]]));
  yield pickleBytes(value);
  yield pickleBytes(storages.map(([key]) => key));
  for (const [, load] of storages) {
    const data = load();
    yield Uint8Array.from([...uint32(data.length), 0, 0, 0, 0]);
    yield bytesOf(data);
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
