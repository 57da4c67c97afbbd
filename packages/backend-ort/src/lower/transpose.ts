/** [rows, columns] to [columns, rows]: tile by tile, so that what is written stays in the cache until its lines are full. */
export function transpose<A extends Float32Array | Uint16Array | Int8Array>(data: A, rows: number, columns: number): A {
  const out = new (data.constructor as new (length: number) => A)(data.length);
  for (let top = 0; top < rows; top += tile) {
    const bottom = Math.min(top + tile, rows);
    for (let j = 0; j < columns; j++) for (let i = top; i < bottom; i++) out[j * rows + i] = data[i * columns + j]!;
  }
  return out;
}

/** Rows that are transposed together: a cache line of a column of the result. */
const tile = 16;
