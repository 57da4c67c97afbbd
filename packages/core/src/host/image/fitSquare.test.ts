import { describe, expect, it } from "vitest";
import { fitSquare } from "./fitSquare";
import { resize } from "./resize";
import { luma, type RgbImage } from "./rgbImage";

function grey(width: number, height: number, value: (x: number, y: number) => number): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) data.fill(value(i % width, Math.floor(i / width)), i * 3, i * 3 + 3);
  return { width, height, data };
}

const firstChannel = (image: RgbImage) => Array.from(image.data.filter((_, i) => i % 3 === 0));

describe("fitSquare", () => {
  it("returns an image of the right size untouched", () => {
    const image = grey(4, 4, (x, y) => x * 10 + y);
    expect(fitSquare(image, 4)).toBe(image);
  });

  it("crops the centre of the long side", () => {
    const [wide, high] = [grey(5, 2, (x) => x), grey(2, 4, (_, y) => y)];
    expect(firstChannel(fitSquare(wide, 2))).toEqual([1, 2, 1, 2]);
    expect(firstChannel(fitSquare(high, 2))).toEqual([1, 1, 2, 2]);
  });

  it("halves by averaging areas", () => {
    const image = grey(4, 4, (x, y) => (x < 2 ? 100 : 200) + (y < 2 ? 0 : 20));
    expect(firstChannel(fitSquare(image, 2))).toEqual([100, 200, 120, 220]);
  });
});

describe("resize", () => {
  it("keeps flat images flat, at odd ratios, smaller and larger", () => {
    for (const [width, height] of [
      [3, 5],
      [11, 20],
    ] as const) {
      for (const filter of ["box", "bicubic"] as const) {
        const resized = resize(
          grey(7, 9, () => 77),
          width,
          height,
          filter,
        );
        expect([resized.width, resized.height, new Set(resized.data)]).toEqual([width, height, new Set([77])]);
      }
    }
  });

  it("clips where the cubic overshoots", () => {
    const edge = firstChannel(
      resize(
        grey(8, 1, (x) => (x < 4 ? 0 : 255)),
        32,
        1,
        "bicubic",
      ),
    );
    expect([Math.min(...edge), Math.max(...edge)]).toEqual([0, 255]);
  });
});

describe("luma", () => {
  it("keeps grey and agrees with PIL", () => {
    expect([0, 1, 127, 255].map((v) => luma(v, v, v))).toEqual([0, 1, 127, 255]);
    expect([luma(255, 0, 0), luma(0, 255, 0), luma(0, 0, 255)]).toEqual([76, 150, 29]);
  });
});
