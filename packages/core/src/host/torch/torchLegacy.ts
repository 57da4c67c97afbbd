import { FormatError, UnsupportedError } from "../../ir/errors";
import { type ByteCursor, byteCursor } from "../byteCursor";
import { type ByteSource, startsWith } from "../byteSource";
import { readPickle } from "../pickle/readPickle";
import type { PickleRules } from "../pickle/state";
import type { TorchContainer } from "./readTorch";
import { torchRules } from "./torchRules";
import type { TorchStorage } from "./torchTensor";
import { maxPickleBytes } from "./torchZip";

/** Protocol 2, then the integer 0x1950a86a20f9469cfc6c of ten bytes. */
const magic = [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
const protocolVersion = 1001;

export function isTorchLegacy(source: ByteSource): boolean {
  return startsWith(source, magic);
}

/**
 * The container before PyTorch 1.6: pickles of the magic number, the version, the machine, the object and the order of
 * its storages, then of each storage its length in elements (8 bytes) and its bytes.
 */
export function readTorchLegacy(source: ByteSource): TorchContainer {
  const cursor = byteCursor(source, 0, source.size);
  const plain: PickleRules = { globals: new Map(), persistent: () => undefined };
  readPickle(cursor, plain);
  const version = readPickle(cursor, plain);
  if (version !== protocolVersion) throw new UnsupportedError(`torch: container version ${version} is not known`);
  requireLittleEndian(readPickle(cursor, plain));

  const storages = new Map<string, TorchStorage>();
  const pickleStart = cursor.position();
  const object = byteCursor(source, pickleStart, Math.min(source.size, pickleStart + maxPickleBytes));
  const value = readPickle(object, torchRules(storages));
  const rest = byteCursor(source, object.position(), source.size);
  const starts = storageStarts(readPickle(rest, plain), storages, source, rest);
  return {
    value,
    startOf(key) {
      const start = starts.get(key);
      if (start === undefined) throw new FormatError(`torch: storage ${JSON.stringify(key)} is not in the file`);
      return start;
    },
  };
}

function storageStarts(
  keys: unknown,
  storages: ReadonlyMap<string, TorchStorage>,
  source: ByteSource,
  cursor: ByteCursor,
): ReadonlyMap<string, number> {
  if (!Array.isArray(keys)) throw new FormatError("torch: the list of storages is missing");
  const starts = new Map<string, number>();
  let at = cursor.position();
  for (const key of keys as unknown[]) {
    const storage = storages.get(String(key));
    if (storage === undefined) throw new FormatError(`torch: storage ${JSON.stringify(String(key))} is of no tensor`);
    const length = source.read(at, 8).reduceRight((value, byte) => value * 256 + byte, 0);
    if (length !== storage.length) {
      throw new FormatError(
        `torch: storage ${JSON.stringify(storage.key)} should have ${storage.length} elements, the file says ${length}`,
      );
    }
    starts.set(storage.key, at + 8);
    at += 8 + storage.bytes;
    if (at > source.size) throw new FormatError(`torch: truncated in storage ${JSON.stringify(storage.key)}`);
  }
  return starts;
}

function requireLittleEndian(machine: unknown): void {
  if (machine instanceof Map && machine.get("little_endian") === false) {
    throw new UnsupportedError("torch: the file was written on a big-endian machine");
  }
}
