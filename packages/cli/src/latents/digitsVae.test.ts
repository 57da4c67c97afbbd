import { fileURLToPath } from "node:url";
import { ort } from "@dit/backend-ort";
import { type HostTensor, hostZeros } from "@dit/core";
import { decode, encode, scaling, type Tiling, type Vae } from "@dit/vae";
import { loadVae } from "@dit/vae/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { digits } from "../data/digits";

// The trained autoencoder that lies in the repository.

const folder = fileURLToPath(new URL("../../../../examples/digits-vae", import.meta.url));
const backend = await ort({ provider: "cpu" });
let vae: Vae;
beforeAll(async () => {
  vae = await loadVae(folder);
});
afterAll(() => backend.dispose());

/** Digits of the test set, side by side in a square of `side` by `side`: [1, 1, 28 side, 28 side] */
async function sheet(side: number): Promise<HostTensor<"f32">> {
  const { read } = await digits({ split: "test" });
  const width = 28 * side;
  const picture = hostZeros("f32", [1, 1, width, width]);
  const digit = new Float32Array(784);
  for (let i = 0; i < side * side; i++) {
    read(i, digit, 0);
    const corner = Math.floor(i / side) * 28 * width + (i % side) * 28;
    for (let y = 0; y < 28; y++) picture.data.set(digit.subarray(28 * y, 28 * y + 28), corner + y * width);
  }
  return picture;
}

/** Latents as a DiT would draw them. */
async function latentsOf(picture: HostTensor<"f32">): Promise<HostTensor<"f32">> {
  const { mean } = await encode(vae, picture, { backend, batch: picture.shape[0]! });
  return { ...mean, data: mean.data.map(scaling(vae.config, mean.shape[2]! * mean.shape[3]!)) };
}

const meanSize = (values: Float32Array) => values.reduce((sum, x) => sum + Math.abs(x), 0) / values.length;

test("gives digits of other people back, as well as its card says", async () => {
  const count = 100;
  const pictures = hostZeros("f32", [count, 1, 28, 28]);
  const { read } = await digits({ split: "test" });
  for (let i = 0; i < count; i++) read(i, pictures.data, 784 * i);
  const { data } = await decode(vae, await latentsOf(pictures), { backend, batch: count });
  expect(meanSize(data.map((x, i) => x - pictures.data[i]!))).toBeLessThan(0.04);
});

test("leaves no seams where it decodes in tiles, though its norms and its attention see a tile alone", async () => {
  const latents = await latentsOf(await sheet(4));
  const whole = await decode(vae, latents, { backend });
  const difference = async (tiling: Tiling) => {
    const { data } = await decode(vae, latents, { backend, tiling });
    return data.map((x, i) => x - whole.data[i]!);
  };
  // Of 28 cells, 4 pixels each: tiles begin at 0 and 12, so that the second begins at pixel 48 and the first ends at 64.
  const [faded, hasty] = [await difference({ size: 16 }), await difference({ size: 16, overlap: 0 })];
  expect(meanSize(faded)).toBeLessThan(0.03);
  expect(seamShare(faded)).toBeLessThan(2.5);
  expect(seamShare(hasty)).toBeGreaterThan(3.5);
});

/** How much a picture of 112 x 112 changes across the lines where tiles begin and end, beside how much it does everywhere. */
function seamShare(values: Float32Array): number {
  const across = (x: number) =>
    meanSize(
      Float32Array.from({ length: 224 }, (_, i) =>
        i < 112
          ? values[112 * i + x]! - values[112 * i + x - 1]!
          : values[112 * x + i - 112]! - values[112 * (x - 1) + i - 112]!,
      ),
    );
  const everywhere = Float32Array.from({ length: 111 }, (_, i) => across(i + 1));
  return Math.max(across(48), across(64)) / meanSize(everywhere);
}
