import { hostF32, initialize, reference } from "@dit/core";
import { describe, expect, test } from "vitest";
import { klConfig } from "../config/klConfig";
import { tinyConfig } from "../config/tinyConfig";
import { vaeSpec } from "../vae";
import { createDecoder, decode } from "./decoder";
import { overlapOf, tileStarts, tileWeights } from "./tiles";

const backend = reference();
const small = {
  encoderBlockOutChannels: [4, 4],
  decoderBlockOutChannels: [4, 4],
  numEncoderBlocks: [1, 1],
  numDecoderBlocks: [1, 1],
};
const tiny = tinyConfig({ ...small, latentChannels: 2 });
const vae = { config: tiny, weights: initialize(vaeSpec(tiny), 0) };

/** A smooth latent [n, 2, h, w]. */
function smooth(n: number, h: number, w: number) {
  const at = (i: number) => Math.sin((i % w) / 3 + Math.floor(i / w) / 5);
  return hostF32(
    [n, 2, h, w],
    Float32Array.from({ length: n * 2 * h * w }, (_, i) => at(i)),
  );
}

const largest = (a: Float32Array, b: Float32Array) => a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0);

describe("tiles", () => {
  test("cover a side from its beginning to its end and share at least the overlap", () => {
    for (const [length, size, overlap] of [
      [64, 16, 4],
      [65, 16, 4],
      [17, 16, 4],
      [16, 16, 4],
      [9, 16, 4],
      [31, 8, 0],
    ] as const) {
      const starts = tileStarts(length, size, overlap);
      expect(starts[0]).toBe(0);
      expect(starts.at(-1)! + Math.min(size, length)).toBe(length);
      for (let i = 1; i < starts.length; i++) expect(starts[i]! - starts[i - 1]!).toBeLessThanOrEqual(size - overlap);
    }
  });

  test("fade into their neighbours, but not at the border of the picture", () => {
    expect([...tileWeights(10, 4, [true, true])]).toEqual([0, 0.25, 0.75, 1, 1, 1, 1, 0.75, 0.25, 0]);
    expect([...tileWeights(6, 4, [false, true])]).toEqual([1, 1, 1, 0.75, 0.25, 0]);
    expect([...tileWeights(3, 0, [true, true])]).toEqual([0.5, 1, 0.5]);
  });

  test("that cannot move on are refused", () => {
    expect(() => overlapOf({ size: 8, overlap: 8 })).toThrow("tiles of 8 cells cannot share 8");
  });
});

describe("a network without norms, which sees a few cells around each", () => {
  test("decodes tiles to the picture itself where their outer quarters hold what is seen", async () => {
    const latents = smooth(1, 44, 40);
    const whole = await decode(vae, latents, { backend });
    const tiled = await decode(vae, latents, { backend, tiling: { size: 36, overlap: 28 } });
    expect(tiled.shape).toEqual([1, 3, 88, 80]);
    expect(largest(tiled.data, whole.data)).toBeLessThan(1e-5);
    const hasty = await decode(vae, latents, { backend, tiling: { size: 36, overlap: 0 } });
    expect(largest(hasty.data, whole.data)).toBeGreaterThan(1e-2);
  });
});

test("a latent no larger than a tile is decoded whole, and any number of latents in batches of any size", async () => {
  const latents = smooth(3, 8, 8);
  const whole = await decode(vae, latents, { backend });
  for (const options of [{ tiling: { size: 8 } }, { batch: 2 }, { batch: 3 }]) {
    const decoder = await createDecoder(vae, backend, [8, 8], options);
    expect((await decoder.run(latents)).data).toEqual(whole.data);
    await decoder.dispose();
  }
});

test("scale and shift are taken out before anything else", async () => {
  const config = klConfig({ blockOutChannels: [4, 8], layersPerBlock: 1, normNumGroups: 2, latentChannels: 2 });
  const weights = initialize(vaeSpec(config), 0);
  const latents = smooth(1, 4, 4);
  const scaled = { ...config, scalingFactor: 2, shiftFactor: 0.5, latentsMean: [0, 1], latentsStd: [4, 1] };
  // (z - 0.5) * 0.5 and (z - 1.5) * 2
  const moved = latents.data.map((z, i) => (i < 16 ? (z - 0.5) * 0.5 : (z - 1.5) * 2));
  const expected = await decode({ config: { ...config, scalingFactor: 1 }, weights }, latents, { backend });
  const actual = await decode({ config: scaled, weights }, hostF32(latents.shape, moved), { backend });
  expect(largest(actual.data, expected.data)).toBeLessThan(1e-5);
});
