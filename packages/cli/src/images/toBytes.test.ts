import { hostTensor } from "@dit/core";
import { describe, expect, it } from "vitest";
import { toBytes } from "./toBytes";

describe("toBytes", () => {
  it("maps as the bulk script: floor(clamp(127.5 x + 128, 0, 255))", () => {
    const values = [-2, -1, -0.999, 0, 0.5, 0.996, 1, 2, Number.NaN];
    const { data } = toBytes(hostTensor("f32", [1, 1, 1, 9], Float32Array.from(values)));
    expect(Array.from(data)).toEqual([0, 0, 0, 128, 191, 254, 255, 255, 0]);
  });

  it("puts channels last", () => {
    const { shape, data } = toBytes(hostTensor("f32", [2, 3, 1, 1], Float32Array.of(-1, 0, 1, 1, 0, -1)));
    expect(shape).toEqual([2, 1, 1, 3]);
    expect(Array.from(data)).toEqual([0, 128, 255, 255, 128, 0]);
  });
});
