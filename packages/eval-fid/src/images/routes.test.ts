import { describe, expect, test } from "vitest";
import { prepareImages, type RouteName, routes } from "./routes";

const names = Object.keys(routes) as RouteName[];

describe.each(names)("%s", (name) => {
  const { resize, scale } = routes[name];

  test("a constant image stays constant, whatever its size", () => {
    for (const [height, width] of [
      [1, 1],
      [5, 9],
      [64, 40],
    ] as const) {
      const data = new Uint8Array(height * width * 3).fill(200);
      const expected = Math.fround(name === "pytorch-fid" ? 200 / 255 : 200);
      for (const value of resize({ height, width, data }, 13)) expect(value).toBeCloseTo(expected, 4);
    }
  });

  test("an image that has the size already keeps its pixels", () => {
    const data = Uint8Array.from({ length: 6 * 6 * 3 }, (_, i) => (i * 41) & 255);
    const factor = name === "pytorch-fid" ? 255 : 1;
    resize({ height: 6, width: 6, data }, 6).forEach((value, i) => {
      expect(value * factor).toBeCloseTo(data[i]!, 4);
    });
  });

  test("white and black are at the ends of what the network takes", () => {
    const [black, white] = name === "pytorch-fid" ? [-1, 1] : [-1, 127 / 128];
    expect([scale(0), scale(name === "pytorch-fid" ? 1 : 255)]).toEqual([black, white]);
  });
});

test("batches are laid out by channel; grey becomes three equal channels", () => {
  const data = Uint8Array.of(0, 64, 128, 255);
  const grey = { count: 1, height: 2, width: 2, channels: 1, data } as const;
  const { shape, data: values } = prepareImages(grey, "adm", 2);
  expect(shape).toEqual([1, 3, 2, 2]);
  expect([...values]).toEqual([0, 1, 2].flatMap(() => [-1, -0.5, 0, 127 / 128]));
});
