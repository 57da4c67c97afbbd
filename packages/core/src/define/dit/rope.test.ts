import { expect, test } from "vitest";
import { constantF32 } from "../../ir/create";
import type { F32 } from "../../ir/tensor";
import { compute } from "../../run/reference/compute";
import { ditConfig } from "./config";
import { rope } from "./rope";

const [rows, columns, heads, headSize] = [3, 5, 2, 8];
const width = heads * headSize;
const config = ditConfig(undefined, { inputSize: [rows, columns], patchSize: 1, hiddenSize: width, heads });
const rotate = rope(config);
const wave = (count: number, speed: number) => Array.from({ length: count }, (_, i) => Math.sin(speed * i + 1));

/** The same vector at every token of `length`, turned. [T][D] */
function turned(vector: readonly number[], length = rows * columns): number[][] {
  const x: F32 = constantF32([1, length, width], Array.from({ length }, () => vector).flat());
  const values = [...compute([rotate(x)])[0]!];
  return Array.from({ length }, (_, t) => values.slice(t * width, (t + 1) * width));
}

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
const at = (row: number, column: number) => row * columns + column;

test("a score depends on how far apart two tokens are, by rows and by columns, and not on where they stand", () => {
  const [queries, keys] = [turned(wave(width, 1.3)), turned(wave(width, 0.7))];
  const score = (query: number, key: number) => dot(queries[query]!, keys[key]!);
  expect(score(at(0, 1), at(1, 3))).toBeCloseTo(score(at(1, 2), at(2, 4)), 6);
  expect(score(at(0, 0), at(2, 0))).toBeCloseTo(score(at(0, 4), at(2, 4)), 6);
  expect(score(at(0, 0), at(0, 2))).not.toBeCloseTo(score(at(0, 0), at(2, 0)), 2);
  expect(score(at(0, 0), at(0, 2))).not.toBeCloseTo(score(at(0, 2), at(0, 0)), 2);
});

test("the first token is not turned, and no length changes", () => {
  const vector = wave(width, 2.1);
  const tokens = turned(vector);
  tokens[0]!.forEach((value, i) => {
    expect(value).toBeCloseTo(vector[i]!, 7);
  });
  for (const token of tokens) expect(dot(token, token)).toBeCloseTo(dot(vector, vector), 5);
});

test("channel k of an axis is turned with channel k + K / 4, by position / 10000^(k / (K / 4))", () => {
  const vector = new Array<number>(width).fill(0);
  // The second head's second channel of the row's half: frequency 10000^(-1/2), partner two channels on.
  const channel = headSize + headSize / 2 + 1;
  vector[channel] = 1;
  const token = turned(vector)[at(2, 3)]!;
  const expected = vector.map((_, i) =>
    i === channel ? Math.cos(2 / 100) : i === channel + headSize / 4 ? Math.sin(2 / 100) : 0,
  );
  token.forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i]!, 7);
  });
});

test("tokens after the image's are left alone", () => {
  const vector = wave(width, 2.1);
  const last = turned(vector, rows * columns + 2).slice(rows * columns);
  for (const token of last) expect(token).toEqual(vector.map(Math.fround));
});
