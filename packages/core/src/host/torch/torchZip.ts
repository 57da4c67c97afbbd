import { FormatError, UnsupportedError } from "../../ir/errors";
import { byteCursor } from "../byteCursor";
import { type ByteSource, startsWith } from "../byteSource";
import { readPickle } from "../pickle/readPickle";
import { readZipDirectory, type ZipEntry } from "../zipDirectory";
import type { TorchContainer } from "./readTorch";
import { torchRules } from "./torchRules";
import type { TorchStorage } from "./torchTensor";

/** Pickles of checkpoints take some hundred kilobytes; this bounds the texts that one can hold. */
export const maxPickleBytes = 2 ** 26;

/** How a zip archive begins. */
const magic = [0x50, 0x4b, 0x03, 0x04];

export function isTorchZip(source: ByteSource): boolean {
  return startsWith(source, magic);
}

/** The container since PyTorch 1.6: a zip archive of `X/data.pkl` and, for each storage, `X/data/<key>`. */
export function readTorchZip(source: ByteSource): TorchContainer {
  const entries = readZipDirectory(source);
  requireStored([...entries.values()]);
  const main = [...entries.values()].find(({ name }) => /^[^/]+\/data\.pkl$/.test(name));
  if (main === undefined)
    throw new FormatError("torch: a zip archive without data.pkl, which torch.save did not write");
  const folder = main.name.slice(0, -"data.pkl".length);
  const order = entries.get(`${folder}byteorder`);
  if (order !== undefined && source.read(order.offset, Math.min(order.bytes, 3))[0] === 0x62) {
    throw new UnsupportedError("torch: the file was written on a big-endian machine");
  }
  const storages = new Map<string, TorchStorage>();
  const end = main.offset + Math.min(main.bytes, maxPickleBytes);
  const value = readPickle(byteCursor(source, main.offset, end), torchRules(storages));
  return {
    value,
    startOf(key) {
      const entry = entries.get(`${folder}data/${key}`);
      const { bytes } = storages.get(key)!;
      if (entry?.bytes === bytes) return entry.offset;
      throw new FormatError(
        entry === undefined
          ? `torch: storage ${JSON.stringify(key)} is not in the archive`
          : `torch: storage ${JSON.stringify(key)} should take ${bytes} bytes, the archive has ${entry.bytes}`,
      );
    },
  };
}

/** PyTorch maps its files into memory, so it never compresses them. @throws UnsupportedError naming one that is */
function requireStored(entries: readonly ZipEntry[]): void {
  const packed = entries.find(({ method }) => method !== 0);
  if (packed === undefined) return;
  throw new UnsupportedError(
    `torch: ${JSON.stringify(packed.name)} is compressed, which a checkpoint never is; save it again with torch.save`,
  );
}
