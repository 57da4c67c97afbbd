import { tileSize } from "./tile";

// The tile kernel as a WebAssembly module of one function, put together here byte by byte so that no compiler and no
// binary file is needed. It does the additions of the kernel in plain JavaScript in the same order, two to an
// instruction: the results have the same bits. Source of the encoding: WebAssembly Core Specification 2.0, section 5.

const i32 = 0x7f;
const v128 = 0x7b;

/** Unsigned LEB128, for sizes and indices. */
function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)];
}

/** Signed LEB128 of a constant from 0 to 8191. */
function constant(value: number): number[] {
  return [0x41, ...(value < 0x40 ? [value] : [(value & 0x7f) | 0x80, value >>> 7])];
}

const simd = (code: number, ...immediates: number[]) => [0xfd, ...leb(code), ...immediates];
const get = (local: number) => [0x20, local];
const set = (local: number) => [0x21, local];
const load = (offset: number) => simd(0x00, 3, ...leb(offset));
const loadSplat = (offset: number) => simd(0x0a, 3, ...leb(offset));
const store = (offset: number) => simd(0x0b, 3, ...leb(offset));
const add = simd(0xf0);
const mul = simd(0xf2);
const i32add = [0x6a];
const i32sub = [0x6b];

// The parameters, then the locals.
const [a, b, c, depth] = [0, 1, 2, 3] as const;
const left = 4;
const right = 5;
const splat = 6;
const sum = (row: number, half: number) => 7 + 2 * row + half;
const bytes = 8;

/** `tile(a, b, c, depth)`: see `Tile`. `rowBytes`: bytes from one row of c to the next. */
function tileBody(rowBytes: number): number[] {
  const rows = Array.from({ length: tileSize }, (_, row) => row);
  const step = rows.flatMap((row) => [
    ...[...get(a), ...loadSplat(row * bytes), ...set(splat)],
    ...[...get(sum(row, 0)), ...get(splat), ...get(left), ...mul, ...add, ...set(sum(row, 0))],
    ...[...get(sum(row, 1)), ...get(splat), ...get(right), ...mul, ...add, ...set(sum(row, 1))],
  ]);
  const advance = (pointer: number) => [...get(pointer), ...constant(tileSize * bytes), ...i32add, ...set(pointer)];
  const loop = [
    ...[0x03, 0x40], // loop, no result
    ...[...get(b), ...load(0), ...set(left), ...get(b), ...load(2 * bytes), ...set(right)],
    ...step,
    ...[...advance(a), ...advance(b)],
    ...[...get(depth), ...constant(1), ...i32sub, 0x22, depth], // tee: the loop goes on while it is not 0
    ...[0x0d, 0, 0x0b], // br_if 0, end
  ];
  const finish = rows.flatMap((row) =>
    [0, 1].flatMap((half) => {
      const offset = row * rowBytes + half * 2 * bytes;
      return [...get(c), ...get(c), ...load(offset), ...get(sum(row, half)), ...add, ...store(offset)];
    }),
  );
  return [1, 3 + 2 * tileSize, v128, ...loop, ...finish, 0x0b];
}

/** The module: imports `host.memory`, exports `tile`. `rowLength`: numbers in a row of c. */
export function tileModule(rowLength: number): Uint8Array<ArrayBuffer> {
  const text = (name: string) => [name.length, ...new TextEncoder().encode(name)];
  const section = (id: number, content: readonly number[]) => [id, ...leb(content.length), ...content];
  const body = tileBody(rowLength * bytes);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 4, i32, i32, i32, i32, 0]), // one type: four i32, no result
    ...section(2, [1, ...text("host"), ...text("memory"), 2, 0, 1]), // a memory of at least one page
    ...section(3, [1, 0]),
    ...section(7, [1, ...text("tile"), 0, 0]),
    ...section(10, [1, ...leb(body.length), ...body]),
  ]);
}
