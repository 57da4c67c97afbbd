import { concatBytes } from "./concatBytes";
import { crc32 } from "./crc32";

// Archives as torch.save writes them, for tests: sizes stand before the data, in 32 bits. Ours are those of `zipWriter`.

/** A file to put into an archive. */
export interface ZipFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Files stored one after the other. Source: PKWARE APPNOTE 6.3, sections 4.3.7, 4.3.12 and 4.3.16. */
export function zipBytes(files: readonly ZipFile[]): Uint8Array {
  const locals: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const { name, bytes } of files) {
    const encoded = new TextEncoder().encode(name);
    const described = description(encoded.length, bytes);
    const local = concatBytes([fields(30, [0, 0x04034b50]), encoded, bytes]);
    local.set(described, 4);
    const entry = concatBytes([fields(46, [0, 0x02014b50], [4, 20], [42, at]), encoded]);
    entry.set(described, 6);
    locals.push(local);
    directory.push(entry);
    at += local.length;
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  const end = fields(22, [0, 0x06054b50], [8, files.length * 0x10001], [12, size], [16, at]);
  return concatBytes([...locals, ...directory, end]);
}

/** The 26 bytes that a local header and an entry of the directory share, from "version needed" on. */
function description(nameLength: number, bytes: Uint8Array): Uint8Array {
  const utf8Names = 1 << 11;
  const sizes = [14, 18].map((at): [number, number] => [at, bytes.length]);
  return fields(26, [0, 20 + utf8Names * 2 ** 16], [10, crc32(bytes)], ...sizes, [22, nameLength]);
}

/** `length` bytes with 32-bit numbers in them. */
function fields(length: number, ...values: readonly (readonly [at: number, value: number])[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(length));
  for (const [at, value] of values) view.setUint32(at, value, true);
  return new Uint8Array(view.buffer);
}
