import { FormatError, UnsupportedError } from "@dit/core";
import { crc32, type ZipEntry } from "@dit/core/internal";
import { Inflate } from "fflate";
import { type ByteSource, readPieces } from "./byteSource";

/**
 * The bytes of a file in an archive, piece by piece, whatever its size. The last piece comes only if length and checksum
 * are right.
 * @throws FormatError when they are not. @throws UnsupportedError for a compression other than deflate
 */
export async function* entryPieces(source: ByteSource, entry: ZipEntry): AsyncGenerator<Uint8Array> {
  const packed = packedPieces(source, entry);
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

/** Deflate's best: 258 bytes of 2 bits. A directory that claims more lies. */
const largestRatio = 1032;

function packedPieces(source: ByteSource, entry: ZipEntry): AsyncGenerator<Uint8Array> {
  const { name, method, offset, packedBytes, bytes } = entry;
  if (method !== 0 && method !== 8) {
    throw new UnsupportedError(`${source.name}: ${name} is compressed by method ${method}; only deflate is known`);
  }
  if (method === 8 && bytes > largestRatio * packedBytes) {
    throw new FormatError(`${source.name}: ${name} is damaged: ${packedBytes} bytes cannot unpack to ${bytes}`);
  }
  return readPieces(source, offset, packedBytes);
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
