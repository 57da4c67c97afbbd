import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { digits } from "../src/data/digits";
import { encodePng, readPng } from "../src/images/png";
import { dit, ditOk, filesUnder, hashesUnder, start, until } from "./command";
import { workFolder } from "./workFolder";

// The latent road with trained weights: encode, train, sample, and a large set in shards.

/** An autoencoder of digits, 28 x 28 in grey to 7 x 7 x 4. */
const vae = fileURLToPath(new URL("../../../examples/digits-vae", import.meta.url));

let folder: string;
const latents = { imageSize: null, model: { patchSize: 7, hiddenSize: 16, depth: 1, heads: 2 } };
const trainAs = (name: string, ...args: string[]) => ["train", "--config", "tiny.json", "--name", name, ...args];

beforeAll(async () => {
  folder = workFolder(latents);
  const { read, label } = await digits({ split: "test" });
  const pixels = new Float32Array(784);
  for (let i = 0; i < 50; i++) {
    read(i, pixels, 0);
    const data = Uint8Array.from(pixels, (x) => Math.round(127.5 * (x + 1)));
    mkdirSync(join(folder, "digits", `${label(i)}`), { recursive: true });
    const png = encodePng({ width: 28, height: 28, channels: 1, data });
    writeFileSync(join(folder, "digits", `${label(i)}`, `${i}.png`), png);
  }
  const small = ["--image-size", "8", "--widths", "4,8", "--latent-channels", "2", "--steps", "1"];
  await ditOk(folder, ["train-vae", "folder:data", ...small, "--name", "other"]);
  const args = ["encode", "folder:digits", "--image-size", "28", "--vae", vae, "--out", "latents", "--json"];
  expect(JSON.parse(await ditOk(folder, args))).toMatchObject({ out: "latents", images: 50, latentShape: [4, 7, 7] });
  await ditOk(folder, trainAs("beforehand", "--data", "latents:latents", "--set", `vae=${vae}`));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("dit train on latents", () => {
  it("is to the bit what it is on images that are encoded on the fly", async () => {
    await ditOk(
      folder,
      trainAs("on-the-fly", "--data", "folder:digits", "--set", "imageSize=28", "--set", `vae=${vae}`),
    );
    const losses = (run: string) => {
      const lines = readFileSync(join(folder, "runs", run, "metrics.jsonl"), "utf8")
        .trim()
        .split("\n");
      return lines
        .map((line) => JSON.parse(line))
        .map(({ step, loss, validationLoss }) => ({ step, loss, validationLoss }));
    };
    expect(losses("beforehand")).toHaveLength(4);
    expect(losses("beforehand")).toEqual(losses("on-the-fly"));
    const checkpoints = (run: string) => {
      const hashes = Object.entries(hashesUnder(join(folder, "runs", run, "checkpoints")));
      return Object.fromEntries(hashes.filter(([name]) => name.endsWith(".safetensors")));
    };
    expect(checkpoints("beforehand")).toEqual(checkpoints("on-the-fly"));
  });

  it("refuses another autoencoder than the latents are of", async () => {
    const before = filesUnder(folder);
    const args = trainAs("wrong", "--data", "latents:latents", "--set", "vae=runs/other");
    const { code, stdout, stderr } = await dit(folder, args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toBe(
      "error: latents: these latents are of another autoencoder than the given one; encode the images anew\n",
    );
    expect(filesUnder(folder)).toEqual(before);
  });
});

describe("dit sample from latents", () => {
  it("decodes with the autoencoder of the run, or a named one, whole and in tiles", async () => {
    const draw = ["sample", "runs/beforehand", "--class", "3,7", "--per-class", "2", "--steps", "3", "--out"];
    await ditOk(folder, [...draw, "run.png"]);
    await ditOk(folder, [...draw, "named.png", "--vae", vae]);
    await ditOk(folder, [...draw, "tiled.png", "--vae-tile", "4"]);
    const picture = (file: string) => {
      const { width, height, data } = readPng(readFileSync(join(folder, file)), file);
      return { width, height, data };
    };
    const run = picture("run.png");
    expect(Math.min(run.width, run.height)).toBeGreaterThan(2 * 28);
    expect(picture("named.png")).toEqual(run);
    // Norms and attention see a tile alone, so that tiles give nearly the same picture.
    const tiled = picture("tiled.png");
    expect([tiled.width, tiled.height]).toEqual([run.width, run.height]);
    expect(tiled.data).not.toEqual(run.data);
  });

  it.each([
    ["of other channels", "runs/other", "the autoencoder's latents have 2 channels, the model's 4"],
    ["that is not there", "nowhere", "there is no autoencoder at nowhere"],
  ])("refuses an autoencoder %s", async (_, path, message) => {
    const { code, stdout, stderr } = await dit(folder, ["sample", "runs/beforehand", "--vae", path]);
    expect([code, stdout, stderr]).toEqual([2, "", `error: ${message}\n`]);
  });
});

describe("dit sample --n", () => {
  const args = (out: string, shard: string) => [
    ...["sample", "runs/beforehand", "--n", "1100", "--steps", "2", "--batch", "100", "--npz", out, "--shard", shard],
  ];
  const pieces = (out: string) => filesUnder(join(folder, out)).filter((name) => /^samples-\d+\.npz$/.test(name));

  it("draws shards that a kill only delays: the same files, those that were there untouched", async () => {
    const { child, outcome } = start(folder, args("killed", "1/2"));
    await until(() => pieces("killed").length === 1 && readdirSync(join(folder, "killed")).length > 2, outcome);
    child.kill("SIGKILL");
    expect((await outcome).code).toBe("SIGKILL");
    expect(pieces("killed")).toEqual(["samples-000000.npz"]);
    const written = statSync(join(folder, "killed", "samples-000000.npz")).mtimeMs;

    const rest = JSON.parse(await ditOk(folder, [...args("killed", "1/2"), "--json"]));
    expect(rest).toMatchObject({ drawn: 100, files: [expect.any(String), expect.any(String)] });
    expect(statSync(join(folder, "killed", "samples-000000.npz")).mtimeMs).toBe(written);
    await ditOk(folder, args("killed", "2/2"));
    await ditOk(folder, args("whole", "1/1"));
    expect(pieces("whole")).toEqual(["samples-000000.npz", "samples-000500.npz", "samples-001000.npz"]);
    expect(hashesUnder(join(folder, "killed"))).toEqual(hashesUnder(join(folder, "whole")));
  });

  it("refuses to mix two sets in a folder", async () => {
    const { code, stderr } = await dit(folder, [...args("whole", "1/1"), "--seed", "1"]);
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining("holds pictures of another model or of other settings"),
    ]);
  });
});
