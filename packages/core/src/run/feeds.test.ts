import { describe, expect, test } from "vitest";
import { DitError } from "../ir/errors";
import { hostF32, hostI32 } from "../ir/hostTensor";
import { f32, i32 } from "../trace/signature";
import { trace } from "../trace/trace";
import { matchFeeds, matchStacked } from "./feeds";

const { inputs } = trace("g", { x: f32([2]), n: i32([]) }, ({ x, n }) => ({ y: x.mul(n.cast("f32")) }));
const x = hostF32([2], [1, 2]);
const n = hostI32([], [3]);

describe("matchFeeds", () => {
  test("brings feeds into the order of the ports", () => {
    expect(matchFeeds("g", inputs, { n, x })).toEqual([x, n]);
  });

  test.each([
    ["a missing feed", { x }, "g: input n (i32[]) is missing"],
    ["an unknown feed", { x, n, z: x }, "g has no input z"],
    ["another shape", { x: hostF32([3], [1, 2, 3]), n }, "g: input x must be f32[2], got f32[3]"],
    ["another dtype", { x, n: hostF32([], [3]) }, "g: input n must be i32[], got f32[]"],
  ])("refuses %s", (_, feeds, message) => {
    expect(() => matchFeeds("g", inputs, feeds as never)).toThrow(DitError);
    expect(() => matchFeeds("g", inputs, feeds as never)).toThrow(message);
  });
});

describe("matchStacked", () => {
  const stacked = { n: hostI32([3], [1, 2, 3]), x: hostF32([3, 2], [1, 2, 3, 4, 5, 6]) };

  test("finds the number of steps", () => {
    expect(matchStacked("s", inputs, stacked)).toEqual({ steps: 3, xs: [stacked.x, stacked.n] });
  });

  test("refuses stacks of different lengths", () => {
    expect(() => matchStacked("s", inputs, { ...stacked, x: hostF32([1, 2], [1, 2]) })).toThrow(
      "s: input x must be f32[3, 2], got f32[1, 2]",
    );
  });

  test("cannot tell the length of a scan without stacked inputs", () => {
    expect(() => matchStacked("s", [], {})).toThrow("s: a scan needs at least one stacked input to know its length");
  });
});
