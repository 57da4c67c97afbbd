import { DitError, FormatError } from "@dit/core";
import {
  f16ArrayToF32,
  type NpyHeader,
  npyDataOffset,
  npyPrefixBytes,
  parseNpyHeader,
  sizeOf,
  zipDirectory,
} from "@dit/core/internal";
import { type ByteSource, readPieces, readThrough } from "./byteSource";
import { bytesOf, decodeArray, type NpzArray } from "./npyArray";
import { entryPieces } from "./zipEntry";

/** An array in a file, of which nothing has been read: one that is damaged, or no numbers, is no hindrance to the others. */
export interface NpzEntry {
  /** @throws FormatError when it is damaged. @throws UnsupportedError for what are no numbers */
  header(): Promise<NpyHeader>;
  /** All of it. @throws as `header` */
  read(): Promise<NpzArray>;
  /** `count` rows at a time (the last ones may be fewer), whatever the size of the whole: [count, ...]. @throws as `header` */
  rows(count: number): AsyncGenerator<NpzArray>;
  /** The bytes of the .npy file, of whatever it holds: for copying what need not be understood. */
  bytes(): AsyncGenerator<Uint8Array>;
}

/** The arrays of an .npz file, by their names without `.npy`. @throws FormatError for a damaged file */
export async function openNpz(source: ByteSource): Promise<ReadonlyMap<string, NpzEntry>> {
  const arrays = new Map<string, NpzEntry>();
  for (const entry of (await readThrough(source, zipDirectory(source.size))).values()) {
    if (!entry.name.endsWith(".npy")) continue;
    const file = `${source.name}: ${entry.name}`;
    arrays.set(
      entry.name.slice(0, -4),
      openPieces(() => entryPieces(source, entry), entry.bytes, file),
    );
  }
  return arrays;
}

/** A single array that is not in an archive. */
export function openNpy(source: ByteSource): NpzEntry {
  return openPieces(() => readPieces(source, 0, source.size), source.size, source.name);
}

/** @param size bytes of the whole file, which bounds what is asked for before any of it is read */
function openPieces(open: () => AsyncGenerator<Uint8Array>, size: number, file: string): NpzEntry {
  const begin = async () => {
    const reader = exactReader(open(), size, file);
    return { reader, header: await readHeader(reader, file) };
  };
  return {
    header: async () => {
      const { reader, header } = await begin();
      await reader.close();
      return header;
    },
    read: async () => {
      const { reader, header } = await begin();
      const bytes = await reader.take(sizeOf(header.shape) * bytesOf(header.code));
      await reader.finish();
      return decodeArray(header, bytes, header.shape, file);
    },
    rows: async function* (count) {
      const { reader, header } = await begin();
      yield* readRows(header, reader, count, file);
    },
    bytes: open,
  };
}

async function* readRows(
  header: NpyHeader,
  reader: ExactReader,
  count: number,
  file: string,
): AsyncGenerator<NpzArray> {
  const [total, ...rest] = header.shape;
  try {
    if (total === undefined) throw new FormatError(`${file}: a single number has no rows`);
    if (header.fortran && rest.length > 0) {
      throw new FormatError(`${file}: in Fortran order rows do not lie together; save it with numpy.ascontiguousarray`);
    }
    for (let row = 0; row < total; row += count) {
      const shape = [Math.min(count, total - row), ...rest];
      yield decodeArray(header, await reader.take(sizeOf(shape) * bytesOf(header.code)), shape, file);
    }
    await reader.finish();
  } finally {
    await reader.close();
  }
}

async function readHeader(reader: ExactReader, file: string): Promise<NpyHeader> {
  const prefix = await reader.take(npyPrefixBytes);
  const rest = await reader.take(npyDataOffset(prefix, file) - npyPrefixBytes);
  const whole = new Uint8Array(prefix.length + rest.length);
  whole.set(prefix);
  whole.set(rest, prefix.length);
  return parseNpyHeader(whole, file);
}

interface ExactReader {
  take(count: number): Promise<Uint8Array<ArrayBuffer>>;
  /** @throws FormatError when something is left */
  finish(): Promise<void>;
  close(): Promise<void>;
}

/** Pieces of any size in, so many bytes as are asked for out. */
function exactReader(pieces: AsyncGenerator<Uint8Array>, size: number, file: string): ExactReader {
  let held: Uint8Array = new Uint8Array(0);
  let left = size;
  return {
    take: async (count) => {
      if (count > left) throw new FormatError(`${file}: truncated: ${count} bytes are wanted, ${left} are left`);
      left -= count;
      const out = new Uint8Array(count);
      let at = 0;
      while (at < count) {
        if (held.length === 0) {
          const next = await pieces.next();
          if (next.done) throw new FormatError(`${file}: truncated: ${count - at} more bytes are wanted`);
          held = next.value;
        }
        const part = held.subarray(0, count - at);
        out.set(part, at);
        at += part.length;
        held = held.subarray(part.length);
      }
      return out;
    },
    // Running to the end also has the checksum of an archive compared.
    finish: async () => {
      let left = held.length;
      for await (const piece of pieces) left += piece.length;
      if (left > 0) throw new FormatError(`${file}: ${left} bytes more than its shape takes`);
    },
    close: async () => {
      await pieces.return(undefined);
    },
  };
}

/** The numbers in float64; those of an array that is in float64 already are the same memory. @throws DitError for integers beyond 2^53 */
export function toNumbers({ code, data }: NpzArray): Float64Array {
  if (data instanceof Float64Array) return data;
  if (code === "f2") return new Float64Array(f16ArrayToF32(data as Uint16Array));
  if (!(data instanceof BigInt64Array || data instanceof BigUint64Array)) return new Float64Array(data);
  const numbers = Float64Array.from(data as ArrayLike<bigint>, Number);
  if (!numbers.every(Number.isSafeInteger)) throw new DitError("integers beyond 2^53 do not fit in float64");
  return numbers;
}
