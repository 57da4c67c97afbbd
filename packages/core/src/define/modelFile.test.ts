import { describe, expect, test } from "vitest";
import { fromDiffusers, toDiffusers } from "../host/names/diffusersLayout";
import type { FileTensor, TensorFile } from "../host/tensorFile";
import { storedWeights } from "./checkpoint/storedWeights";
import { diffusionDefaults } from "./diffusion/config";
import { type DiTConfig, ditConfig } from "./dit/config";
import { ditSpec } from "./dit/dit";
import { diffusersNumerics, officialNumerics } from "./dit/numerics";
import { initialize } from "./initialize";
import { modelFromSafetensors, modelFromTensors, modelToSafetensors } from "./modelFile";
import { paramsOf } from "./params";

const dit = ditConfig(undefined, { inputSize: [4, 4], hiddenSize: 8, depth: 2, heads: 2, numClasses: 3 });
const weights = initialize(ditSpec(dit), 1);
const official = storedWeights(weights, "F32");
const diffusers = toDiffusers(official, dit.depth);
const heads = { dit: { heads: 2 } };

/** Tensors of a whole model without any values. */
const shapesOf = (config: DiTConfig): ReadonlyMap<string, FileTensor> =>
  new Map(
    Object.entries(paramsOf(ditSpec(config))).map(([name, { shape }]) => [
      name,
      { name, dtype: "F32", shape, bytes: new Uint8Array() },
    ]),
  );
const file = (tensors: ReadonlyMap<string, FileTensor>, metadata = {}): TensorFile => ({ metadata, tensors });
const under = (...prefixes: string[]) =>
  new Map(prefixes.flatMap((prefix) => [...official].map(([name, tensor]) => [`${prefix}${name}`, tensor] as const)));
const without = (name: string) => new Map([...official].filter(([key]) => key !== name));
const reshaped = (name: string, shape: readonly number[]) =>
  new Map([...official, [name, { ...official.get(name)!, name, shape }]]);

describe("a configuration is guessed from official weights", () => {
  test("all of it but the heads", () => {
    expect(modelFromTensors(file(official), heads).config).toEqual({ dit, diffusion: diffusionDefaults });
    expect(() => modelFromTensors(file(official))).toThrow("give heads");
  });

  test.each([
    ["without variance", { learnSigma: false }],
    ["of pixels", { inChannels: 3, patchSize: 1, mlpRatio: 2 }],
    ["without classes", { numClasses: 0, classDropout: 0 }],
    ["adaLN", { conditioning: "adaLN" }],
  ] as const)("%s", (_, options) => {
    const config = { ...dit, ...options };
    expect(modelFromTensors(file(shapesOf(config)), heads).config.dit).toEqual(config);
  });

  test("the paper's sizes tell the heads", () => {
    const config = ditConfig("DiT-S/8");
    expect(modelFromTensors(file(shapesOf(config))).config.dit).toEqual(config);
  });
});

describe("a training checkpoint", () => {
  const other = new Map([...official].map(([name, tensor]) => [`model.${name}`, { ...tensor, name: `model.${name}` }]));
  const both = file(new Map([...under("ema."), ...other, ["opt.state.1.step", official.get("pos_embed")!]]));

  test("gives the averaged weights, or those that are asked for", () => {
    expect(modelFromTensors(both, heads).config.dit).toEqual(dit);
    expect(modelFromTensors(both, { ...heads, weights: "model" }).config.dit).toEqual(dit);
    const onlyModel = file(new Map([...other, ["opt.state.1.step", official.get("pos_embed")!]]));
    expect(() => modelFromTensors(onlyModel, { ...heads, weights: "ema" })).toThrow("has no ema weights");
  });

  test("of several devices has a prefix that is taken off", () => {
    expect(Object.keys(modelFromTensors(file(under("model.module.")), heads).weights)).toEqual(Object.keys(weights));
  });
});

describe("the layout of diffusers", () => {
  test("makes diffusers' function, and the official one its own", () => {
    const given = { dit: { heads: 2, inputSize: [4, 4] as const } };
    const loaded = modelFromTensors(file(diffusers), given);
    expect(loaded.config.dit).toEqual({ ...dit, ...diffusersNumerics });
    expect(modelFromTensors(file(official), heads).config.dit).toMatchObject(officialNumerics);
    for (const [name, { data }] of Object.entries(weights)) expect(loaded.weights[name]!.data).toEqual(data);
  });

  test("goes back and forth without a change", () => {
    const back = fromDiffusers(diffusers, dit.depth);
    for (const [name, tensor] of back) expect(tensor.bytes).toEqual(official.get(name)!.bytes);
    expect([...official.keys()].filter((name) => !back.has(name))).toEqual(["pos_embed"]);
  });

  test("of which the blocks' embedders have parted is refused", () => {
    const name = "transformer_blocks.1.norm1.emb.timestep_embedder.linear_1.bias";
    const bytes = new Uint8Array(diffusers.get(name)!.bytes.length).fill(1);
    const parted = new Map([...diffusers, [name, { ...diffusers.get(name)!, bytes }]]);
    expect(() => fromDiffusers(parted, dit.depth)).toThrow(/linear_1.bias differs from transformer_blocks.0/);
  });
});

describe("what does not fit says what it looks like", () => {
  const config = { dit, diffusion: diffusionDefaults };

  test.each([
    ["encoder.mid_block.resnets.0.norm1.weight", "a Stable Diffusion VAE of diffusers"],
    ["first_stage_model.decoder.mid.block_1.norm1.weight", "a Stable Diffusion VAE of CompVis"],
    ["down_blocks.0.attentions.0.proj_in.weight", "a U-Net"],
  ])("%s", (name, family) => {
    const tensor = { ...official.get("pos_embed")!, name };
    expect(() => modelFromTensors(file(new Map([[name, tensor]])))).toThrow(`they look like ${family}`);
  });

  test.each<[string, ReadonlyMap<string, FileTensor>, string]>([
    ["a missing parameter", without("final_layer.linear.bias"), "parameter final_layer.linear.bias is missing"],
    ["another shape", reshaped("final_layer.linear.bias", [2]), "final_layer.linear.bias has shape [2]"],
    ["a stranger", new Map([...official, ["stranger", official.get("pos_embed")!]]), "a parameter stranger"],
  ])("%s", (_, tensors, message) => {
    expect(() => modelFromTensors(file(tensors), { config })).toThrow(message);
  });

  test("another model of the paper", () => {
    const large = shapesOf(ditConfig("DiT-S/8"));
    const small = { dit: ditConfig("DiT-B/8"), diffusion: diffusionDefaults };
    expect(() => modelFromTensors(file(large), { config: small })).toThrow(
      "the weights look like DiT-S/8, the configuration like DiT-B/8",
    );
  });

  test("a configuration of a billion blocks", () => {
    const many = { dit: { ...dit, depth: 1e9 }, diffusion: diffusionDefaults };
    expect(() => modelFromTensors(file(official), { config: many })).toThrow("the weights are of 2 blocks");
  });
});

test("a model in a file of this library is the same model", () => {
  const model = { config: { dit: { ...dit, ...diffusersNumerics }, diffusion: diffusionDefaults }, weights };
  const loaded = modelFromSafetensors(modelToSafetensors(model));
  expect(loaded.config).toEqual(model.config);
  for (const [name, { data }] of Object.entries(weights)) expect(loaded.weights[name]!.data).toEqual(data);
});
