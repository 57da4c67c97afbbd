/**
 * [rows, columns] to [columns, rows], or columns `from` to `to` alone: tile by tile, so that what is written stays in the
 * cache until its lines are full.
 */
export function transpose<A extends Float32Array | Uint16Array | Int8Array>(
  data: A,
  rows: number,
  columns: number,
  from = 0,
  to = columns,
): A {
  const out = new (data.constructor as new (length: number) => A)(rows * (to - from));
  for (let top = 0; top < rows; top += tile) {
    const bottom = Math.min(top + tile, rows);
    for (let j = from; j < to; j++) {
      for (let i = top; i < bottom; i++) out[(j - from) * rows + i] = data[i * columns + j]!;
    }
  }
  return out;
}

/** Rows that are transposed together: a cache line of a column of the result. */
const tile = 16;
