import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadVae } from "@dit/vae/node";
import { afterAll, expect, test } from "vitest";
import { resolveConfig } from "./config/resolveConfig";
import { manifestOf, writeLatents } from "./latents/latentsFolder";
import { plannedModel } from "./plannedModel";

const folder = mkdtempSync(join(tmpdir(), "planned-"));
afterAll(() => rmSync(folder, { recursive: true }));

const digitsVae = fileURLToPath(new URL("../../../examples/digits-vae", import.meta.url));
const sizes = 'model={"patchSize":1,"hiddenSize":8,"depth":1,"heads":2}';
const planned = (...sets: string[]) => {
  const { config, origins } = resolveConfig({ sets: [sizes, `vae=${digitsVae}`, ...sets] });
  return plannedModel(config, origins);
};

test("a model of latents that are still to be made is planned on these, not on pixels", async () => {
  const { dit, classNames } = await planned();
  expect(dit).toMatchObject({ inputSize: [7, 7], inChannels: 4, numClasses: 10 });
  expect(classNames).toHaveLength(10);
});

test("a folder of latents says their shape and classes", async () => {
  const data = { name: "two", fingerprint: "x", imageShape: [1, 28, 28], classNames: ["a", "b"], flip: false } as const;
  const images = { ...data, size: 1, label: () => 0, read: () => {}, draw: () => {} };
  const record = async function* () {
    yield new Float32Array(2 * 4 * 7 * 7);
  };
  const latents = join(folder, "latents");
  await writeLatents(latents, manifestOf(images, await loadVae(digitsVae), [4, 7, 7]), record());
  const { dit, classNames } = await planned(`data=latents:${latents}`);
  expect(dit).toMatchObject({ inputSize: [7, 7], inChannels: 4, numClasses: 2 });
  expect(classNames).toEqual(["a", "b"]);
});
