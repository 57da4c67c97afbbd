import { expect, test } from "vitest";
import { ditSpec } from "../define/dit/dit";
import { initialize } from "../define/initialize";
import { scalar } from "../ir/create";
import { hostF32 } from "../ir/hostTensor";
import { inPart } from "../ir/scope";
import { f32 } from "../trace/signature";
import { traceScan } from "../trace/trace";
import { firstNonFinite } from "./nonFinite";
import { reference } from "./reference/reference";
import { sample } from "./sample";
import { toyModel } from "./toyModel";

/** Two modules: one divides by x, the other takes the root of x + 10. The carry never sees what comes out. */
const scan = traceScan(
  "walk",
  { constants: {}, carry: { x: f32([2]) }, xs: { step: f32([]) } },
  ({ carry: { x }, xs: { step } }) => {
    const inverse = inPart("blocks.1.norm", () => scalar(1, "f32").div(x));
    const root = inPart("blocks.2.norm", () => x.add(10).sqrt());
    return { carry: { x: x.add(step) }, ys: { y: inPart("head", () => inverse.add(root)) } };
  },
);

const replay = async (x: readonly number[], steps: readonly number[]) => {
  const backend = reference();
  const run = { constants: {}, carry: { x: hostF32([2], x) }, xs: { step: hostF32([steps.length], steps) } };
  const found = await firstNonFinite(backend, scan, run);
  expect(backend.memory().liveTensors).toBe(0);
  return found;
};

test("the first value of a run that is infinite is named by its operation and module", async () => {
  expect(await replay([-2, -7], [1, 1])).toBeUndefined();
  expect(await replay([-2, -7], [1, 1, 1])).toBe("div f32[2] in blocks.1.norm");
});

test("an input that is no number is named where nothing made it", async () => {
  expect(await replay([Number.NaN, 1], [1])).toBe("the input x");
});

test("what a step overcomes is not to blame for what a later one does", async () => {
  expect(await replay([0, -9], [-2, 0])).toBe("sqrt f32[2] in blocks.2.norm");
});

test("images that are no numbers are an error that says where that begins", async () => {
  const weights = initialize(ditSpec(toyModel.dit), 0);
  const name = "blocks.0.mlp.fc2.bias";
  const model = { config: toyModel, weights: { ...weights, [name]: hostF32([8], new Array(8).fill(Number.NaN)) } };
  const backend = reference();
  await expect(sample(model, { backend, classes: [0], steps: 2, guidance: 1 })).rejects.toThrow(
    "the images hold values that are no finite numbers; the first is the input params.blocks.0.mlp.fc2.bias",
  );
  expect(backend.memory().liveTensors).toBe(0);
});
