import { sizeOf } from "../../ir/shape";
import type { Node } from "../../ir/tensor";
import { newValue, type Value } from "./values";

/** Batched matrix product. The transposed forms are brought to rows times rows, so that the inner loop runs along memory. */
export function matmul(node: Node<"matmul">, a: Value, b: Value): Value {
  const { transposeA, transposeB } = node.attributes;
  const [m, n] = node.shape.slice(-2) as [number, number];
  const k = a.shape.at(transposeA ? -2 : -1)!;
  const batches = sizeOf(node.shape.slice(0, -2));
  const out = newValue(node.dtype, node.shape);
  for (let batch = 0; batch < batches; batch++) {
    const left = a.data.subarray(batch * m * k, (batch + 1) * m * k);
    const right = b.data.subarray(batch * k * n, (batch + 1) * k * n);
    const rows = transposeA ? transposed(left, k, m) : left;
    const columns = transposeB ? right : transposed(right, k, n);
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let l = 0; l < k; l++) sum += rows[i * k + l]! * columns[j * k + l]!;
        out.data[(batch * m + i) * n + j] = sum;
      }
    }
  }
  return out;
}

function transposed(x: Float64Array, rows: number, columns: number): Float64Array {
  const out = new Float64Array(x.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = x[i * columns + j]!;
  return out;
}
