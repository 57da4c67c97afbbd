import { describe, expect, test } from "vitest";
import { constantF32, input } from "../../ir/create";
import type { F32 } from "../../ir/tensor";
import { compute } from "../../run/reference/compute";
import { ditConfig } from "./config";
import { embedPatches, patchify, unpatchify } from "./patchify";

const [n, c, rows, columns, p] = [2, 3, 2, 4, 2];
const [height, width] = [rows * p, columns * p];
const config = ditConfig(undefined, {
  inputSize: [height, width],
  inChannels: c,
  patchSize: p,
  learnSigma: false,
  hiddenSize: 8,
  heads: 2,
});
const counting = (...shape: number[]) =>
  constantF32(
    shape,
    Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => i),
  );
const valuesOf = (x: F32) => compute([x])[0]!;
const pixel = (sample: number, channel: number, row: number, column: number) =>
  ((sample * c + channel) * height + row) * width + column;

/** Every value's place: sample, token, channel, and row and column in the patch. */
function* places() {
  for (let sample = 0; sample < n; sample++)
    for (let token = 0; token < rows * columns; token++)
      for (let channel = 0; channel < c; channel++)
        for (let i = 0; i < p; i++) for (let j = 0; j < p; j++) yield { sample, token, channel, i, j };
}

/** Where it lies in the image. Tokens go along the rows of the grid. */
function pixelOf({
  sample,
  token,
  channel,
  i,
  j,
}: {
  sample: number;
  token: number;
  channel: number;
  i: number;
  j: number;
}) {
  return pixel(sample, channel, Math.floor(token / columns) * p + i, (token % columns) * p + j);
}

describe("patchify", () => {
  test("puts the channel slowest inside a token", () => {
    const tokens = patchify(counting(n, c, height, width), p);
    expect(tokens.shape).toEqual([n, rows * columns, c * p * p]);
    const values = valuesOf(tokens);
    for (const at of places()) {
      const { sample, token, channel, i, j } = at;
      expect(values[(sample * rows * columns + token) * c * p * p + (channel * p + i) * p + j]).toBe(pixelOf(at));
    }
  });
});

describe("unpatchify", () => {
  test("takes the channel fastest inside a token", () => {
    const image = unpatchify(counting(n, rows * columns, p * p * c), config);
    expect(image.shape).toEqual([n, c, height, width]);
    const values = valuesOf(image);
    for (const at of places()) {
      const { sample, token, channel, i, j } = at;
      expect(values[pixelOf(at)]).toBe((sample * rows * columns + token) * p * p * c + (i * p + j) * c + channel);
    }
  });

  test("undoes patchify once the channel has been moved to the end of each token", () => {
    const x = counting(n, c, height, width);
    const channelLast = patchify(x, p)
      .reshape([n, rows * columns, c, p * p])
      .transpose([0, 1, 3, 2])
      .reshape([n, rows * columns, p * p * c]);
    expect(valuesOf(unpatchify(channelLast, config))).toEqual(valuesOf(x));
    expect(valuesOf(unpatchify(patchify(x, p), config))).not.toEqual(valuesOf(x));
  });

  test("is patchify's inverse as it is for one channel", () => {
    const grey = { ...config, inChannels: 1 };
    const x = counting(n, 1, height, width);
    expect(valuesOf(unpatchify(patchify(x, p), grey))).toEqual(valuesOf(x));
  });
});

test("the patch embedding is the convolution with kernel and stride of a patch", () => {
  const d = config.hiddenSize;
  const x = input("x", { dtype: "f32", shape: [n, c, height, width] });
  const weight = input("weight", { dtype: "f32", shape: [d, c, p, p] });
  const bias = input("bias", { dtype: "f32", shape: [d] });
  const waves = (count: number, speed: number) => Float64Array.from({ length: count }, (_, i) => Math.sin(speed * i));
  const [xs, ws, bs] = [waves(n * c * height * width, 1.3), waves(d * c * p * p, 0.7), waves(d, 2.1)];
  const [values] = compute(
    [embedPatches({ proj: { weight, bias } }, x, config)],
    new Map([
      [x, xs],
      [weight, ws],
      [bias, bs],
    ]),
  );
  for (let sample = 0; sample < n; sample++) {
    for (let token = 0; token < rows * columns; token++) {
      for (let out = 0; out < d; out++) {
        let sum = bs[out]!;
        for (let channel = 0; channel < c; channel++) {
          for (let i = 0; i < p; i++) {
            for (let j = 0; j < p; j++) {
              sum += ws[((out * c + channel) * p + i) * p + j]! * xs[pixelOf({ sample, token, channel, i, j })]!;
            }
          }
        }
        expect(values![(sample * rows * columns + token) * d + out]).toBeCloseTo(sum, 12);
      }
    }
  }
});
