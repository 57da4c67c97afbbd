import { expect, test } from "vitest";
import { positionalTable } from "./positionalTable";

const width = 16;
const table = positionalTable(width, 3, 5);
const at = (row: number, column: number) => [
  ...table.slice((row * 5 + column) * width, (row * 5 + column + 1) * width),
];

test("the first half of a vector encodes the column, the second the row", () => {
  expect(at(2, 3).slice(0, 8)).toEqual(at(0, 3).slice(0, 8));
  expect(at(2, 3).slice(8)).toEqual(at(2, 0).slice(8));
  expect(at(2, 3).slice(0, 8)).not.toEqual(at(2, 2).slice(0, 8));
});

test("each half is sines, then cosines, of position / 10000^(k / 4)", () => {
  const frequencies = [1, 0.1, 0.01, 0.001];
  const expected = [3, 2].flatMap((position) => [
    ...frequencies.map((f) => Math.sin(position * f)),
    ...frequencies.map((f) => Math.cos(position * f)),
  ]);
  at(2, 3).forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i]!, 14);
  });
});

test("spot values", () => {
  expect(at(0, 0)).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1]);
  expect(at(0, 1)[0]).toBeCloseTo(0.8414709848078965, 15);
  expect(at(1, 0)[8]).toBeCloseTo(0.8414709848078965, 15);
  expect(at(1, 0)[12]).toBeCloseTo(0.5403023058681398, 15);
});

test("positions count patches: a larger grid begins with the same vectors", () => {
  const larger = positionalTable(width, 6, 10);
  expect([...larger.slice(0, 5 * width)]).toEqual([...table.slice(0, 5 * width)]);
});
