import { DitError, FormatError } from "../ir/errors";
import { type Shape, sizeOf } from "../ir/shape";
import { duplicateKey } from "./duplicateKey";

/** Bytes of one element of each dtype that a safetensors file may hold (those smaller than a byte are left out). */
export const safetensorsElementBytes = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  F8_E8M0: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  I64: 8,
  U64: 8,
  F64: 8,
  C64: 8,
} as const;

/** Element type of a tensor in a safetensors file, as the file spells it. */
export type SafetensorsDType = keyof typeof safetensorsElementBytes;

/** What a header says of one tensor. `byteOffset` counts from the start of the file. */
export interface SafetensorsInfo {
  readonly name: string;
  readonly dtype: SafetensorsDType;
  readonly shape: Shape;
  readonly byteOffset: number;
  readonly byteLength: number;
}

/** A checked header. `tensors` are in the order of their data. */
export interface SafetensorsHeader {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, SafetensorsInfo>;
}

const maxHeaderBytes = 100_000_000; // the limit of the official reader: no honest header comes near it

/**
 * Number of bytes, from the start of a file of `fileSize` bytes, that `parseSafetensorsHeader` needs. `start` holds at
 * least the first 8 bytes. @throws FormatError when the file ends before its header, or the header is over 100 MB.
 */
export function safetensorsHeaderSize(start: Uint8Array, fileSize: number): number {
  if (fileSize < 8 || start.length < 8) {
    throw new FormatError(
      `safetensors: truncated: ${Math.min(fileSize, start.length)} bytes, a header needs 8 or more`,
    );
  }
  const view = new DataView(start.buffer, start.byteOffset, 8);
  const length = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  if (length > maxHeaderBytes) {
    throw new FormatError(
      `safetensors: header length ${length} is over the limit of ${maxHeaderBytes} bytes. Is this a safetensors file?`,
    );
  }
  if (8 + length > fileSize) {
    throw new FormatError(`safetensors: truncated: header of ${length} bytes in a file of ${fileSize} bytes`);
  }
  return 8 + length;
}

/**
 * Reads and checks the header of a file of `fileSize` bytes from `headerBytes`, the first `safetensorsHeaderSize` bytes
 * of it or more: this needs none of the weights. The data of the tensors must fill the file without overlap or hole.
 * @throws FormatError naming the tensor and what was seen.
 * Source: https://github.com/huggingface/safetensors, README, section "Format".
 */
export function parseSafetensorsHeader(headerBytes: Uint8Array, fileSize: number): SafetensorsHeader {
  const dataOffset = safetensorsHeaderSize(headerBytes, fileSize);
  if (headerBytes.length < dataOffset) {
    throw new FormatError(`safetensors: truncated: ${headerBytes.length} of ${dataOffset} header bytes were given`);
  }
  const entries = parseObject(headerBytes.subarray(8, dataOffset));
  let metadata: Readonly<Record<string, string>> = {};
  const infos: SafetensorsInfo[] = [];
  for (const [name, value] of Object.entries(entries)) {
    if (name === "__metadata__") metadata = checkMetadata(value);
    else infos.push(parseInfo(name, value, dataOffset, fileSize));
  }
  infos.sort((a, b) => a.byteOffset - b.byteOffset || a.byteLength - b.byteLength);
  checkContiguous(infos, dataOffset, fileSize);
  return { metadata, tensors: new Map(infos.map((info) => [info.name, info])) };
}

/**
 * The first bytes of a file that holds `tensors`: the header with its length, padded with spaces so that the data
 * begins at a multiple of 8. The caller writes the data of each tensor after it, in the same order, little-endian and
 * without gaps. A tensor is aligned to its element size if none before it has smaller elements.
 * @throws DitError for a tensor or metadata that the format cannot hold.
 */
export function encodeSafetensorsHeader(
  tensors: Iterable<readonly [name: string, tensor: { readonly dtype: SafetensorsDType; readonly shape: Shape }]>,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array {
  const members: string[] = [];
  if (metadata !== undefined) members.push(`"__metadata__":${JSON.stringify(checkMetadata(metadata))}`);
  const seen = new Set(["__metadata__"]);
  let offset = 0;
  for (const [name, { dtype, shape }] of tensors) {
    if (seen.has(name)) throw new DitError(`safetensors: the tensor name "${name}" is reserved or given twice`);
    seen.add(name);
    if (!isSizes(shape)) throw new DitError(`safetensors: tensor "${name}": bad shape [${shape}]`);
    const end = offset + sizeOf(shape) * safetensorsElementBytes[dtype];
    members.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [offset, end] })}`);
    offset = end;
  }
  const json = new TextEncoder().encode(`{${members.join(",")}}`);
  const length = Math.ceil(json.length / 8) * 8;
  if (length > maxHeaderBytes) throw new DitError(`safetensors: header of ${length} bytes, limit ${maxHeaderBytes}`);
  const bytes = new Uint8Array(8 + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, 8);
  return bytes;
}

function parseObject(json: Uint8Array): object {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(json);
    value = JSON.parse(text);
  } catch (cause) {
    throw new FormatError("safetensors: the header is not valid JSON in UTF-8", { cause });
  }
  if (!text.startsWith("{") || !isObject(value)) throw new FormatError("safetensors: the header is not a JSON object");
  const duplicate = duplicateKey(text);
  if (duplicate !== undefined) throw new FormatError(`safetensors: the name "${duplicate}" stands twice in the header`);
  return value;
}

function checkMetadata(value: unknown): Readonly<Record<string, string>> {
  if (!isObject(value) || !Object.values(value).every((text) => typeof text === "string")) {
    throw new FormatError("safetensors: __metadata__ is not an object of strings");
  }
  return value as Record<string, string>;
}

function parseInfo(name: string, value: unknown, dataOffset: number, fileSize: number): SafetensorsInfo {
  const fail = (seen: string) => new FormatError(`safetensors: tensor "${name}": ${seen}`);
  if (!isObject(value)) throw fail(`expected an object, got ${JSON.stringify(value)}`);
  const { dtype, shape, data_offsets: offsets } = value as { dtype?: unknown; shape?: unknown; data_offsets?: unknown };
  if (!isSafetensorsDType(dtype)) throw fail(`unknown dtype ${JSON.stringify(dtype)}`);
  if (!isSizes(shape)) throw fail(`shape ${JSON.stringify(shape)} is not a list of non-negative integers`);
  if (!isSizes(offsets) || offsets.length !== 2) {
    throw fail(`data_offsets ${JSON.stringify(offsets)} are not two non-negative integers`);
  }
  const [begin, end] = offsets as [number, number];
  if (begin > end) throw fail(`data_offsets [${begin}, ${end}] run backwards`);
  const needed = sizeOf(shape) * safetensorsElementBytes[dtype];
  if (end - begin !== needed) {
    throw fail(
      `${dtype} of shape [${shape}] takes ${needed} bytes, data_offsets [${begin}, ${end}] give ${end - begin}`,
    );
  }
  if (dataOffset + end > fileSize) {
    throw fail(`truncated: data ends at byte ${dataOffset + end} of a file of ${fileSize} bytes`);
  }
  return { name, dtype, shape, byteOffset: dataOffset + begin, byteLength: needed };
}

/** Every byte after the header belongs to exactly one of `infos`, which are sorted by offset. */
function checkContiguous(infos: readonly SafetensorsInfo[], dataOffset: number, fileSize: number): void {
  let end = dataOffset;
  let before = "the header";
  for (const { name, byteOffset, byteLength } of infos) {
    if (byteOffset < end) {
      throw new FormatError(
        `safetensors: tensor "${name}": offsets overlap those of ${before} by ${end - byteOffset} bytes`,
      );
    }
    if (byteOffset > end) {
      throw new FormatError(`safetensors: tensor "${name}": hole of ${byteOffset - end} bytes after ${before}`);
    }
    end = byteOffset + byteLength;
    before = `"${name}"`;
  }
  if (end !== fileSize)
    throw new FormatError(`safetensors: ${fileSize - end} bytes after ${before} belong to no tensor`);
}

function isSafetensorsDType(value: unknown): value is SafetensorsDType {
  return typeof value === "string" && Object.hasOwn(safetensorsElementBytes, value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
