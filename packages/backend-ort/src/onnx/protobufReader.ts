import { FormatError } from "@dit/core";

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** A field's value: a number of fixed or variable length, or the bytes of a string, a message or a packed list. */
export type ProtoField =
  | { readonly field: number; readonly kind: "number"; readonly value: bigint }
  | { readonly field: number; readonly kind: "fixed32"; readonly value: number }
  | { readonly field: number; readonly kind: "bytes"; readonly value: Uint8Array };

/**
 * The fields of a protobuf message in the order in which they lie in it. Bytes are views of the message, not copies.
 * @throws FormatError where the bytes are no message
 */
export function* protoFields(message: Uint8Array): Generator<ProtoField, void> {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = message[at++];
      if (byte === undefined) throw truncated();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
    throw new FormatError("not a protobuf: a number takes more than ten bytes");
  };
  const take = (length: number): number => {
    if (length > message.length - at) throw truncated();
    at += length;
    return at - length;
  };
  while (at < message.length) {
    const tag = Number(varint());
    const field = tag >>> 3;
    switch (tag & 7) {
      case 0:
        yield { field, kind: "number", value: varint() };
        break;
      case 1:
        yield { field, kind: "number", value: view.getBigInt64(take(8), true) };
        break;
      case 2: {
        const length = Number(varint());
        if (length < 0) throw truncated();
        const start = take(length);
        yield { field, kind: "bytes", value: message.subarray(start, start + length) };
        break;
      }
      case 5:
        yield { field, kind: "fixed32", value: view.getFloat32(take(4), true) };
        break;
      default:
        throw new FormatError(`not a protobuf: field ${field} has wire type ${tag & 7}`);
    }
  }
}

/** A string field. @throws FormatError where the bytes are no text */
export function protoText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new FormatError("not a protobuf: a string is no UTF-8", { cause });
  }
}

/** A packed list of numbers of variable length. */
export function protoNumbers(bytes: Uint8Array): number[] {
  const numbers: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined || shift > 63n) throw truncated();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    numbers.push(Number(BigInt.asIntN(64, value)));
  }
  return numbers;
}

function truncated(): FormatError {
  return new FormatError("not a protobuf: it ends in the middle of a field");
}
