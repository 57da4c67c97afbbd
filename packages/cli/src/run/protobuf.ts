import { concatBytes } from "@dit/core/internal";

/** The few pieces of the protobuf wire format that TensorBoard's events need, each one field with its number. */

/** A variable-length integer field (int64, enum), 0 to 2^53. */
export function varintField(field: number, value: number): Uint8Array {
  return Uint8Array.of(...varint(field * 8), ...varint(value));
}

/** A `double` field. */
export function doubleField(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(9);
  bytes[0] = field * 8 + 1;
  new DataView(bytes.buffer).setFloat64(1, value, true);
  return bytes;
}

/** A `float` field. */
export function floatField(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(5);
  bytes[0] = field * 8 + 5;
  new DataView(bytes.buffer).setFloat32(1, value, true);
  return bytes;
}

/** A `string` field, or a message made of the given fields. */
export function bytesField(field: number, content: string | readonly Uint8Array[]): Uint8Array {
  const body = typeof content === "string" ? new TextEncoder().encode(content) : concatBytes(content);
  return concatBytes([Uint8Array.of(...varint(field * 8 + 2), ...varint(body.length)), body]);
}

// Divisions, not shifts: shifts would cut at 32 bits.
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return bytes;
}
