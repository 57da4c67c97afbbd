import { expect, test } from "vitest";
import { concatBytes } from "../../host/concatBytes";
import { readSafetensors } from "../../host/safetensors";
import { diffusionDefaults } from "../diffusion/config";
import { ditConfig } from "../dit/config";
import { ditSpec } from "../dit/dit";
import { officialNumerics } from "../dit/numerics";
import { initialize } from "../initialize";
import { modelFromFolder, modelToFolder } from "./modelFolder";

const dit = ditConfig(undefined, { inputSize: [4, 4], hiddenSize: 8, depth: 2, heads: 2, numClasses: 3 });
const files = modelToFolder({ config: { dit, diffusion: diffusionDefaults }, weights: initialize(ditSpec(dit), 1) });
const written = new Map(Object.entries(files).map(([name, pieces]) => [name, concatBytes([...pieces])]));
const folder = {
  has: (name: string) => written.has(name),
  text: (name: string) => new TextDecoder().decode(written.get(name)),
  tensors: (name: string) => readSafetensors(written.get(name)!),
};

test("what is given has to be what config.json says", () => {
  expect(modelFromFolder(folder, { dit: { heads: 2 } }).config.dit).toMatchObject({ heads: 2, timestepDivisor: 127 });
  expect(() => modelFromFolder(folder, { dit: { heads: 4 } })).toThrow(
    "config.json: heads is given as 4, but it says 2; leave it out",
  );
});

test("what it has no word for can be given, and is checked", () => {
  const given = { ...officialNumerics, labelStd: 1 };
  expect(modelFromFolder(folder, { dit: given }).config.dit).toEqual({ ...dit, labelStd: 1 });
  expect(() => modelFromFolder(folder, { dit: { timestepDivisor: -1 } })).toThrow("config.json: timestepDivisor is -1");
});
