const utf8 = new TextEncoder();

/**
 * Append-only protobuf writer.
 *
 * It keeps a list of byte chunks and joins them once, at the end: a weight of many megabytes sits four messages deep in
 * an ONNX model, and joining at every level would copy it four times.
 */
export class ProtoWriter {
  private readonly chunks: Uint8Array[] = [];
  private scratch = new Uint8Array(256);
  private used = 0;
  private flushed = 0;

  /** Bytes written so far. */
  get length(): number {
    return this.flushed + this.used;
  }

  /** int32, int64, uint64, bool and enum fields; negative numbers take ten bytes, as protobuf prescribes. */
  int(field: number, value: number | bigint): void {
    this.tag(field, 0);
    this.varint(value);
  }

  /** A 32-bit float field. */
  float(field: number, value: number): void {
    this.tag(field, 5);
    this.fixed32(value);
  }

  /** A string field. */
  string(field: number, value: string): void {
    this.bytes(field, utf8.encode(value));
  }

  /** A bytes field. `value` is kept by reference until `finish`. */
  bytes(field: number, value: Uint8Array): void {
    this.tag(field, 2);
    this.varint(value.byteLength);
    this.append(value);
  }

  /** A repeated integer field in packed form. */
  packedInts(field: number, values: readonly (number | bigint)[]): void {
    if (values.length === 0) return;
    this.message(field, (inner) => {
      for (const value of values) inner.varint(value);
    });
  }

  /** A repeated float field in packed form. */
  packedFloats(field: number, values: readonly number[]): void {
    if (values.length === 0) return;
    this.message(field, (inner) => {
      for (const value of values) inner.fixed32(value);
    });
  }

  /** A nested message, written by `write`. */
  message(field: number, write: (inner: ProtoWriter) => void): void {
    const inner = new ProtoWriter();
    write(inner);
    inner.flush();
    this.tag(field, 2);
    this.varint(inner.length);
    for (const chunk of inner.chunks) this.append(chunk);
  }

  /** Joins everything written so far. */
  finish(): Uint8Array {
    this.flush();
    const out = new Uint8Array(this.flushed);
    let offset = 0;
    for (const chunk of this.chunks) {
      out.set(chunk, offset);
      offset += chunk.byteLength;
    }
    return out;
  }

  private tag(field: number, wireType: number): void {
    this.varint(field * 8 + wireType);
  }

  private varint(value: number | bigint): void {
    this.reserve(10);
    if (typeof value === "number" && value >= 0 && value <= 0x7fffffff) {
      let rest = value;
      while (rest > 0x7f) {
        this.scratch[this.used++] = (rest & 0x7f) | 0x80;
        rest >>>= 7;
      }
      this.scratch[this.used++] = rest;
      return;
    }
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest > 0x7fn) {
      this.scratch[this.used++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.scratch[this.used++] = Number(rest);
  }

  private fixed32(value: number): void {
    this.reserve(4);
    new DataView(this.scratch.buffer).setFloat32(this.used, value, true);
    this.used += 4;
  }

  /** Small values are copied, so that thousands of names do not become thousands of chunks; large ones are referenced. */
  private append(value: Uint8Array): void {
    if (value.byteLength <= 1024) {
      this.reserve(value.byteLength);
      this.scratch.set(value, this.used);
      this.used += value.byteLength;
      return;
    }
    this.flush();
    this.chunks.push(value);
    this.flushed += value.byteLength;
  }

  private reserve(size: number): void {
    if (this.used + size <= this.scratch.byteLength) return;
    const grown = new Uint8Array(Math.max(this.scratch.byteLength * 2, this.used + size));
    grown.set(this.scratch.subarray(0, this.used));
    this.scratch = grown;
  }

  /** Moves the pending bytes into the chunk list. The scratch buffer is replaced, as the chunk refers to its memory. */
  private flush(): void {
    if (this.used === 0) return;
    this.chunks.push(this.scratch.subarray(0, this.used));
    this.flushed += this.used;
    this.scratch = new Uint8Array(256);
    this.used = 0;
  }
}
