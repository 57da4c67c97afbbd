/**
 * The fixed sine-cosine positional table of a `rows` x `columns` grid, row-major: [rows * columns, width], float64.
 * The first half of each vector encodes the column, the second the row; each half is sines, then cosines, of
 * position / 10000^(k / (width / 4)). Computed in float64 and rounded once, as the official code does.
 */
export function positionalTable(width: number, rows: number, columns: number): Float64Array {
  const table = new Float64Array(rows * columns * width);
  const quarter = width / 4;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const start = (row * columns + column) * width;
      for (let k = 0; k < quarter; k++) {
        const frequency = 1 / 10000 ** (k / quarter);
        table[start + k] = Math.sin(column * frequency);
        table[start + quarter + k] = Math.cos(column * frequency);
        table[start + 2 * quarter + k] = Math.sin(row * frequency);
        table[start + 3 * quarter + k] = Math.cos(row * frequency);
      }
    }
  }
  return table;
}
