import { DitError, hostTensor } from "@dit/core";
import { describe, expect, it } from "vitest";
import { imageGrid } from "./grid";

const images = (shape: number[], values: number[]) => hostTensor("f32", shape, Float32Array.from(values));

describe("imageGrid", () => {
  it("lays images out in rows with padding around", () => {
    const grid = imageGrid(images([3, 1, 1, 1], [-1, 1, 0]), { columns: 2, padding: 1, background: 7 });
    expect(grid).toMatchObject({ width: 5, height: 5, channels: 1 });
    expect(Array.from(grid.data)).toEqual([
      7, 7, 7, 7, 7, 7, 0, 7, 255, 7, 7, 7, 7, 7, 7, 7, 128, 7, 7, 7, 7, 7, 7, 7, 7,
    ]);
  });

  it("interleaves colours and scales by whole pixels", () => {
    const grid = imageGrid(images([1, 3, 1, 2], [-1, 1, 1, -1, -1, -1]), { columns: 4, padding: 0, scale: 2 });
    expect([grid.width, grid.height]).toEqual([4, 2]);
    const row = [0, 255, 0, 0, 255, 0, 255, 0, 0, 255, 0, 0];
    expect(Array.from(grid.data)).toEqual([...row, ...row]);
  });

  it("maps values as save_image does, clamping and surviving NaN", () => {
    const values = [-3, -1, -0.5, 0, 0.25, 0.999, 1, 9, Number.NaN];
    const grid = imageGrid(images([1, 1, 1, 9], values), { columns: 1, padding: 0 });
    expect(Array.from(grid.data)).toEqual([0, 0, 64, 128, 159, 255, 255, 255, 0]);
  });

  it("refuses what is not a batch of images", () => {
    expect(() => imageGrid(images([1, 2, 1, 1], [0, 0]), { columns: 1 })).toThrow(DitError);
    expect(() => imageGrid(images([2], [0, 0]), { columns: 1 })).toThrow("image grid needs [N, 1 or 3, H, W], got [2]");
  });
});
