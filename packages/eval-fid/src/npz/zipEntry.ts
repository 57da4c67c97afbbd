import { FormatError, UnsupportedError } from "@dit/core";
import { crc32 } from "@dit/core/internal";
import { Inflate } from "fflate";
import { type ByteSource, readBytes, readPieces } from "./byteSource";
import type { ZipEntry } from "./zipDirectory";

/**
 * The bytes of a file in an archive, piece by piece, whatever its size. The last piece comes only if length and checksum
 * are right.
 * @throws FormatError when they are not. @throws UnsupportedError for a compression other than deflate
 */
export async function* entryPieces(source: ByteSource, entry: ZipEntry): AsyncGenerator<Uint8Array> {
  const packed = await packedPieces(source, entry);
  let bytes = 0;
  let crc = 0;
  let held: Uint8Array | undefined;
  for await (const piece of entry.method === 0 ? packed : inflated(packed, source, entry)) {
    bytes += piece.length;
    crc = crc32(piece, crc);
    if (held !== undefined) yield held;
    held = piece;
  }
  if (bytes !== entry.bytes || crc !== entry.crc) {
    throw new FormatError(`${source.name}: ${entry.name} is damaged: its length or checksum is wrong`);
  }
  if (held !== undefined) yield held;
}

async function packedPieces(source: ByteSource, entry: ZipEntry): Promise<AsyncGenerator<Uint8Array>> {
  if (entry.method !== 0 && entry.method !== 8) {
    throw new UnsupportedError(
      `${source.name}: ${entry.name} is compressed by method ${entry.method}; only deflate is known`,
    );
  }
  const header = await readBytes(source, entry.headerAt, 30);
  const view = new DataView(header.buffer, header.byteOffset, 30);
  if (view.getUint32(0, true) !== 0x04034b50) {
    throw new FormatError(`${source.name}: ${entry.name} is damaged: there is no header where the directory says`);
  }
  // Name and extra fields may be longer here than in the directory.
  const start = entry.headerAt + 30 + view.getUint16(26, true) + view.getUint16(28, true);
  return readPieces(source, start, entry.packedBytes);
}

async function* inflated(
  packed: AsyncGenerator<Uint8Array>,
  source: ByteSource,
  entry: ZipEntry,
): AsyncGenerator<Uint8Array> {
  const ready: Uint8Array[] = [];
  const inflate = new Inflate((piece) => ready.push(piece));
  let remaining = entry.packedBytes;
  for await (const piece of packed) {
    remaining -= piece.length;
    try {
      inflate.push(piece, remaining === 0);
    } catch (cause) {
      throw new FormatError(`${source.name}: ${entry.name} is damaged: ${(cause as Error).message}`, { cause });
    }
    yield* ready.splice(0);
  }
}
