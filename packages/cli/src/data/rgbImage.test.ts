import { describe, expect, it } from "vitest";
import { fitSquare, luma, type RgbImage } from "./rgbImage";

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
    expect(
      firstChannel(
        fitSquare(
          grey(5, 2, (x) => x),
          2,
        ),
      ),
    ).toEqual([1, 2, 1, 2]);
    expect(
      firstChannel(
        fitSquare(
          grey(2, 4, (_, y) => y),
          2,
        ),
      ),
    ).toEqual([1, 1, 2, 2]);
  });

  it("averages whole areas", () => {
    expect(
      firstChannel(
        fitSquare(
          grey(4, 4, (x, y) => (x < 2 ? 100 : 200) + (y < 2 ? 0 : 20)),
          2,
        ),
      ),
    ).toEqual([100, 200, 120, 220]);
  });

  it("keeps flat images flat and the mean where it was, at odd ratios", () => {
    expect(
      new Set(
        fitSquare(
          grey(7, 7, () => 77),
          3,
        ).data,
      ),
    ).toEqual(new Set([77]));
    const image = fitSquare(
      grey(7, 7, (x) => x * 30),
      4,
    );
    const mean = firstChannel(image).reduce((sum, v) => sum + v, 0) / 16;
    expect(mean).toBeCloseTo(90, 0);
  });

  it("refuses to enlarge", () => {
    expect(() =>
      fitSquare(
        grey(3, 9, () => 0),
        4,
      ),
    ).toThrow("smaller than 4");
  });
});

describe("luma", () => {
  it("keeps grey and agrees with PIL", () => {
    expect([0, 1, 127, 255].map((v) => luma(v, v, v))).toEqual([0, 1, 127, 255]);
    expect([luma(255, 0, 0), luma(0, 255, 0), luma(0, 0, 255)]).toEqual([76, 150, 29]);
  });
});
