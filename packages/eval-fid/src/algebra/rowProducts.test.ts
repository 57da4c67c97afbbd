import { expect, test } from "vitest";
import { type Rows, rowProducts, rowsOf } from "./rowProducts";
import { scriptTile, wasmTile } from "./tile";

/** Numbers in -1..1 that look random. */
const numbers = (count: number, seed: number) => Float64Array.from({ length: count }, (_, i) => Math.sin(seed + i * i));

function products(a: Rows, b: Rows, options: Parameters<typeof rowProducts>[3] = {}): Float64Array {
  const out = new Float64Array(a.count * b.count).fill(Number.NaN);
  rowProducts(
    a,
    b,
    (block) => {
      for (let r = 0; r < block.rows; r++) {
        const row = block.products.subarray(r * block.stride, r * block.stride + block.columns);
        out.set(row, (block.i + r) * b.count + block.j);
      }
    },
    options,
  );
  return out;
}

function naive(a: Float64Array, b: Float64Array, length: number): Float64Array {
  const [n, m] = [a.length / length, b.length / length];
  return Float64Array.from({ length: n * m }, (_, at) => {
    const [i, j] = [Math.floor(at / m), at % m];
    let sum = 0;
    for (let k = 0; k < length; k++) sum += a[i * length + k]! * b[j * length + k]!;
    return sum;
  });
}

/** NaN where one is. */
const largestDifference = (a: Float64Array, b: Float64Array) =>
  a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0);

test.each([
  [1, 1, 1],
  [5, 3, 7],
  [257, 130, 300],
  [6, 513, 256],
])("%d rows by %d rows of %d numbers", (n, m, length) => {
  const [a, b] = [numbers(n * length, 1), numbers(m * length, 2)];
  expect(largestDifference(products(rowsOf(a, length), rowsOf(b, length)), naive(a, b, length))).toBeLessThan(1e-12);
});

test("WebAssembly and JavaScript give the same bits", () => {
  const wasm = wasmTile();
  expect(wasm).toBeDefined();
  const rows = rowsOf(numbers(270 * 301, 3), 301);
  expect(products(rows, rows, { tile: wasm! })).toEqual(products(rows, rows, { tile: scriptTile() }));
});

test("columns as rows, and a centre", () => {
  const [count, length] = [30, 40];
  const data = numbers(count * length, 4);
  const transposed = Float64Array.from(
    { length: count * length },
    (_, at) => data[(at % count) * length + Math.floor(at / count)]!,
  );
  const columns: Rows = { data: transposed, count, length, rowStride: 1, columnStride: count, offset: 0 };
  expect(products(columns, columns)).toEqual(products(rowsOf(data, length), rowsOf(data, length)));

  const centre = numbers(length, 5);
  const moved = data.map((x, i) => x - centre[i % length]!);
  expect(products(rowsOf(data, length, centre), rowsOf(data, length))).toEqual(
    products(rowsOf(moved, length), rowsOf(data, length)),
  );
});

test("the lower triangle alone, and rows that begin with zeros", () => {
  const n = 600;
  const triangle = numbers(n * n, 6).map((x, at) => (at % n < Math.floor(at / n) ? 0 : x));
  const rows = rowsOf(triangle, n);
  const all = products(rows, rows);
  const lower = products(rows, rows, { lower: true, firstDepth: (i) => i });
  const below = (values: Float64Array) => values.filter((_, at) => at % n <= Math.floor(at / n));
  expect(largestDifference(below(lower), below(all))).toBeLessThan(1e-10);
  expect(lower[n - 1]).toBeNaN();
});
