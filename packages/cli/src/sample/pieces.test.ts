import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hostF32, normal, sampleDefaults } from "@dit/core";
import { afterAll, expect, test } from "vitest";
import type { Drawer } from "./drawer";
import { drawPieces, type PictureSet } from "./pieces";

const temporary = mkdtempSync(join(tmpdir(), "pieces-"));
afterAll(() => rmSync(temporary, { recursive: true }));
const folder = () => mkdtempSync(join(temporary, "set-"));

/** Draws noise that depends on seed, number and class, as a model does. It fails when picture `dies` comes up. */
function noise(dies = Number.POSITIVE_INFINITY): Drawer {
  return {
    draw: async (_, labels, { seed, first }) => {
      if (first <= dies && dies < first + labels.length) throw new Error("killed");
      const pictures = labels.flatMap((label, i) => [
        ...normal({ seed, stream: "test", step: label, sample: first + i }, 4),
      ]);
      const settings = { ...sampleDefaults, sampler: "ddim", seed, classes: labels, autoguidance: false } as const;
      return { images: hostF32([labels.length, 1, 2, 2], pictures), settings };
    },
    dispose: async () => {},
  };
}

const set = (folder: string, changes: Partial<PictureSet> = {}): PictureSet => ({
  ...{ folder, size: 23, batch: 3, piece: 6, seed: 4, classes: [1, 5, 7], origin: { weights: "sha256:x" } },
  shard: { index: 0, count: 1 },
  ...changes,
});

const contents = (folder: string) =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "hex")]));

test("a set has every picture once, in pieces that numpy reads, with classes drawn from those asked for", async () => {
  const whole = folder();
  const { drawn, files } = await drawPieces(set(whole), noise(), {});
  expect(drawn).toBe(23);
  expect(files.map((file) => file.slice(-10))).toEqual(["000000.npz", "000006.npz", "000012.npz", "000018.npz"]);
  const last = readFileSync(join(whole, "samples-000018.npz"));
  expect(last.toString("latin1")).toContain("'shape': (5, 2, 2, 1)");
});

test("a killed process goes on where it was, to the same bytes", async () => {
  const [whole, killed] = [folder(), folder()];
  await drawPieces(set(whole), noise(), {});
  await expect(drawPieces(set(killed), noise(15), {})).rejects.toThrow("killed");
  expect(readdirSync(killed).filter((name) => name.endsWith(".npz"))).toHaveLength(2);
  // What a kill in the middle of writing leaves behind.
  writeFileSync(join(killed, ".samples-000012.npz.999999-00000000.tmp"), "half");
  const { drawn } = await drawPieces(set(killed), noise(), {});
  expect(drawn).toBe(11);
  expect(contents(killed)).toEqual(contents(whole));
});

test("shards together are the whole", async () => {
  const [whole, shared] = [folder(), folder()];
  await drawPieces(set(whole), noise(), {});
  for (const index of [2, 0, 1]) await drawPieces(set(shared, { shard: { index, count: 3 } }), noise(), {});
  expect(contents(shared)).toEqual(contents(whole));
});

test("a folder takes pieces of one set only", async () => {
  const taken = folder();
  await drawPieces(set(taken, { size: 3 }), noise(), {});
  for (const change of [{ seed: 5 }, { origin: { weights: "sha256:y" } }, { classes: [1] }, { batch: 6 }])
    await expect(drawPieces(set(taken, { size: 3, ...change }), noise(), {})).rejects.toThrow("of another model");
});
