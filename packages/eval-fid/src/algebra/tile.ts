import { tileModule } from "./wasmTile";

/** A tile is this many rows and columns: its 16 sums stay in registers. */
export const tileSize = 4;

/** Rows and columns of a block, and how far products are summed before the next part of the rows is packed. */
export const blockSize = 256;

/** Room for two packed blocks and for their products, and what multiplies them. */
export interface Tile {
  /** Panels of 4 rows; in a panel the four numbers of one depth lie together: [rows / 4, depth, 4]. */
  readonly a: Float64Array;
  readonly b: Float64Array;
  /** [blockSize, blockSize] */
  readonly c: Float64Array;
  /** Adds sum_k a[k, i] b[k, j] of one panel of each to a 4 x 4 tile of c. Where they begin is in numbers, not bytes. */
  multiply(aStart: number, bStart: number, cStart: number, depth: number): void;
}

const packed = blockSize * blockSize;

/** In plain JavaScript. */
export function scriptTile(): Tile {
  const a = new Float64Array(packed);
  const b = new Float64Array(packed);
  const c = new Float64Array(packed);
  return {
    ...{ a, b, c },
    // Two halves of 2 x 4: sixteen sums and their factors would not fit in sixteen registers.
    multiply: (aStart, bStart, cStart, depth) => {
      half(a, aStart, b, bStart, c, cStart, depth);
      half(a, aStart + 2, b, bStart, c, cStart + 2 * blockSize, depth);
    },
  };
}

/** Two rows of a tile. */
function half(
  a: Float64Array,
  aStart: number,
  b: Float64Array,
  bStart: number,
  c: Float64Array,
  cStart: number,
  depth: number,
): void {
  let [s00, s01, s02, s03, s10, s11, s12, s13] = [0, 0, 0, 0, 0, 0, 0, 0];
  const end = bStart + tileSize * depth;
  for (let i = aStart, j = bStart; j < end; i += tileSize, j += tileSize) {
    const a0 = a[i]!;
    const a1 = a[i + 1]!;
    const b0 = b[j]!;
    const b1 = b[j + 1]!;
    const b2 = b[j + 2]!;
    const b3 = b[j + 3]!;
    s00 += a0 * b0;
    s01 += a0 * b1;
    s02 += a0 * b2;
    s03 += a0 * b3;
    s10 += a1 * b0;
    s11 += a1 * b1;
    s12 += a1 * b2;
    s13 += a1 * b3;
  }
  c[cStart] = c[cStart]! + s00;
  c[cStart + 1] = c[cStart + 1]! + s01;
  c[cStart + 2] = c[cStart + 2]! + s02;
  c[cStart + 3] = c[cStart + 3]! + s03;
  c[cStart + blockSize] = c[cStart + blockSize]! + s10;
  c[cStart + blockSize + 1] = c[cStart + blockSize + 1]! + s11;
  c[cStart + blockSize + 2] = c[cStart + blockSize + 2]! + s12;
  c[cStart + blockSize + 3] = c[cStart + blockSize + 3]! + s13;
}

/** In WebAssembly with 128-bit vectors; undefined where the machine or the page's content policy has none. */
export function wasmTile(): Tile | undefined {
  const blockBytes = packed * 8;
  try {
    const memory = new WebAssembly.Memory({ initial: (3 * blockBytes) / 65536 });
    const module = new WebAssembly.Module(tileModule(blockSize));
    const { exports } = new WebAssembly.Instance(module, { host: { memory } });
    const tile = exports.tile as (a: number, b: number, c: number, depth: number) => void;
    return {
      a: new Float64Array(memory.buffer, 0, packed),
      b: new Float64Array(memory.buffer, blockBytes, packed),
      c: new Float64Array(memory.buffer, 2 * blockBytes, packed),
      multiply: (aStart, bStart, cStart, depth) =>
        tile(aStart * 8, blockBytes + bStart * 8, 2 * blockBytes + cStart * 8, depth),
    };
  } catch {
    return undefined;
  }
}

let fastest: Tile | undefined;

/** The faster of the two that this machine has. Their results are the same, bit for bit. */
export function fastestTile(): Tile {
  fastest ??= wasmTile() ?? scriptTile();
  return fastest;
}
