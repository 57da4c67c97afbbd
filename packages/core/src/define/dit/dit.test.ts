import { describe, expect, test } from "vitest";
import { backward } from "../../differentiate/backward";
import { constant, scalar } from "../../ir/create";
import { ShapeError } from "../../ir/errors";
import { nodesOf } from "../../ir/graph";
import { type HostTensor, hostF32, hostI32 } from "../../ir/hostTensor";
import { verify } from "../../ir/verify";
import { compute } from "../../run/reference/compute";
import { f32, i32 } from "../../trace/signature";
import { trace } from "../../trace/trace";
import { diffusionDefaults } from "../diffusion/config";
import { initialize } from "../initialize";
import { bindParams, paramsOf, paramTypes } from "../params";
import { meanLosses } from "../train/trainStep";
import { conditionings } from "./blockOptions";
import { type DiTConfig, ditConfig } from "./config";
import { dit, ditSpec } from "./dit";

const config = ditConfig(undefined, {
  inputSize: [4, 8],
  inChannels: 2,
  hiddenSize: 16,
  depth: 4,
  heads: 2,
  numClasses: 3,
});
const spec = ditSpec(config);
const wave = (...shape: number[]) =>
  hostF32(
    shape,
    Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(7 * i + 1)),
  );
const asConstants = (weights: Readonly<Record<string, HostTensor<"f32">>>) =>
  bindParams(spec, Object.fromEntries(Object.entries(weights).map(([name, value]) => [name, constant(value)])));

const types = paramTypes(spec).all;

function forward(params = types) {
  return trace("forward", { params, x: f32([2, 2, 4, 8]), t: f32([2]), y: i32([2]) }, ({ params, x, t, y }) => ({
    output: dit(bindParams(spec, params), x, t, y, config),
  }));
}

describe("a DiT", () => {
  test("puts out an image of noise and variance, each node of the type its rule says", () => {
    const graph = forward();
    verify(graph);
    expect(graph.outputs[0]!.tensor.shape).toEqual([2, 4, 4, 8]);
  });

  test("names its parameters as the official state dict does", () => {
    const names = Object.keys(paramsOf(spec)).filter((name) => !/^blocks\.[123]\./.test(name));
    expect(names).toEqual([
      "pos_embed",
      "x_embedder.proj.weight",
      "x_embedder.proj.bias",
      "t_embedder.mlp.0.weight",
      "t_embedder.mlp.0.bias",
      "t_embedder.mlp.2.weight",
      "t_embedder.mlp.2.bias",
      "y_embedder.embedding_table.weight",
      "blocks.0.attn.qkv.weight",
      "blocks.0.attn.qkv.bias",
      "blocks.0.attn.proj.weight",
      "blocks.0.attn.proj.bias",
      "blocks.0.mlp.fc1.weight",
      "blocks.0.mlp.fc1.bias",
      "blocks.0.mlp.fc2.weight",
      "blocks.0.mlp.fc2.bias",
      "blocks.0.adaLN_modulation.1.weight",
      "blocks.0.adaLN_modulation.1.bias",
      "final_layer.linear.weight",
      "final_layer.linear.bias",
      "final_layer.adaLN_modulation.1.weight",
      "final_layer.adaLN_modulation.1.bias",
    ]);
  });

  test("tells every node's place in the model", () => {
    const places = new Set(nodesOf(forward()).map(({ scope }) => scope.replace(/^blocks\.\d/, "blocks.i")));
    expect([...places].sort()).toEqual([
      "",
      "blocks.i",
      "blocks.i.adaLN_modulation.1",
      "blocks.i.attn.proj",
      "blocks.i.attn.qkv",
      "blocks.i.mlp.fc1",
      "blocks.i.mlp.fc2",
      "conditioning",
      "final_layer",
      "final_layer.adaLN_modulation.1",
      "final_layer.linear",
      "pos_embed",
      "t_embedder",
      "t_embedder.mlp.0",
      "t_embedder.mlp.2",
      "x_embedder",
      "x_embedder.proj",
      "y_embedder.embedding_table",
    ]);
  });
});

describe("the parameters that the official code does not have", () => {
  const added = (options: Partial<DiTConfig>) => {
    const known = new Set(Object.keys(paramsOf(spec)));
    const names = Object.keys(paramsOf(ditSpec(ditConfig(undefined, { ...config, depth: 1, ...options }))));
    return names.filter((name) => !known.has(name));
  };

  test("of in-context conditioning are the norms'", () => {
    const norms = ["blocks.0.norm1", "blocks.0.norm2", "final_layer.norm_final"];
    const expected = norms.flatMap((norm) => [`${norm}.weight`, `${norm}.bias`]);
    expect(added({ conditioning: "inContext" })).toEqual(expected);
    expect(added({ conditioning: "inContext", norm: "rms" })).toEqual(norms.map((norm) => `${norm}.weight`));
  });

  test("of cross-attention are its linears', and the norms'", () => {
    const modules = ["norm1", "norm2", "cross_attn.q", "cross_attn.kv", "cross_attn.proj", "norm3"];
    expect(added({ conditioning: "crossAttention" })).toEqual(
      [...modules.map((module) => `blocks.0.${module}`), "final_layer.norm_final"].flatMap((module) => [
        `${module}.weight`,
        `${module}.bias`,
      ]),
    );
  });

  test("of the options are named as in timm", () => {
    expect(added({ registerTokens: 2 })).toEqual(["reg_token"]);
    expect(added({ qkNorm: true })).toEqual(["blocks.0.attn.q_norm.weight", "blocks.0.attn.k_norm.weight"]);
    expect(added({ mlp: "swiglu" })).toEqual([
      "blocks.0.mlp.fc1_g.weight",
      "blocks.0.mlp.fc1_g.bias",
      "blocks.0.mlp.fc1_x.weight",
      "blocks.0.mlp.fc1_x.bias",
    ]);
    expect(added({ rope: true, norm: "rms", conditioning: "adaLN", numClasses: 0, classDropout: 0 })).toEqual([]);
  });
});

describe("an unconditional DiT", () => {
  const unconditional = ditConfig(undefined, { ...config, numClasses: 0, classDropout: 0 });

  test("has no label table, and needs no labels", () => {
    const spec = ditSpec(unconditional);
    expect(Object.keys(paramsOf(spec)).filter((name) => name.startsWith("y_embedder"))).toEqual([]);
    const signature = { params: paramTypes(spec).all, x: f32([2, 2, 4, 8]), t: f32([2]) };
    const graph = trace("forward", signature, ({ params, x, t }) => ({
      output: dit(bindParams(spec, params), x, t, undefined, unconditional),
    }));
    expect(graph.outputs[0]!.tensor.shape).toEqual([2, 4, 4, 8]);
  });

  test("is the only one that does", () => {
    const build = () =>
      trace("forward", { params: types, x: f32([2, 2, 4, 8]), t: f32([2]) }, ({ params, x, t }) => ({
        output: dit(bindParams(spec, params), x, t, undefined, config),
      }));
    expect(build).toThrow("this model knows classes: give the network labels y");
  });
});

test("a wide image's positions follow its tokens, along the rows of the grid", () => {
  const { init, shape } = ditSpec(config).pos_embed;
  const [rows, columns, width] = [2, 4, 16];
  expect(shape).toEqual([1, rows * columns, width]);
  const table = init.kind === "fixed" ? init.values() : [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const start = (row * columns + column) * width;
      // The sines of frequency 1: the column's first, the row's after half the width.
      expect(table[start]).toBeCloseTo(Math.sin(column), 6);
      expect(table[start + width / 2]).toBeCloseTo(Math.sin(row), 6);
    }
  }
});

describe("a fresh DiT", () => {
  const params = asConstants(initialize(spec, 0));

  test.each(conditionings)("of the %s design puts out exactly 0", (conditioning) => {
    const design = { ...config, conditioning, registerTokens: 1 };
    const fresh = Object.entries(initialize(ditSpec(design), 0)).map(([name, value]) => [name, constant(value)]);
    const output = dit(
      bindParams(ditSpec(design), Object.fromEntries(fresh)),
      constant(wave(2, 2, 4, 8)),
      constant(hostF32([2], [3, 999])),
      constant(hostI32([2], [0, 3])),
      design,
    );
    expect(compute([output])[0]!.every((value) => value === 0)).toBe(true);
  });

  test("has a loss of the noise's variance, and a gradient at the final linear alone", () => {
    const model = { dit: config, diffusion: diffusionDefaults };
    const noise = wave(8, 2, 4, 8);
    const variance = noise.data.reduce((sum, z) => sum + z * z, 0) / noise.data.length;
    const batch = {
      x0: constant(wave(8, 2, 4, 8)),
      noise: constant(noise),
      step: constant(hostI32([8], [1, 150, 300, 450, 600, 750, 900, 999])),
      y: constant(hostI32([8], [0, 1, 2, 3, 0, 1, 2, 3])),
    };
    const { mse, loss } = meanLosses(model, params, batch);
    const leaves = [
      "final_layer.linear.weight",
      "final_layer.linear.bias",
      "blocks.3.attn.qkv.weight",
      "t_embedder.mlp.0.weight",
    ];
    const tensors = [
      params.final_layer.linear.weight,
      params.final_layer.linear.bias,
      params.blocks[3]!.attn.qkv.weight,
      params.t_embedder.mlp[0].weight,
    ];
    const [mseValue, ...gradients] = compute([mse!, ...backward(loss, scalar(1, "f32"), tensors)]);
    expect(mseValue![0]).toBeCloseTo(variance, 10);
    const moves = gradients.map((g) => g.some((value) => value !== 0));
    expect(Object.fromEntries(leaves.map((name, i) => [name, moves[i]]))).toEqual({
      "final_layer.linear.weight": true,
      "final_layer.linear.bias": true,
      "blocks.3.attn.qkv.weight": false,
      "t_embedder.mlp.0.weight": false,
    });
  });
});

describe("weights that do not fit are named by their place in the model", () => {
  const wider = paramTypes(ditSpec({ ...config, hiddenSize: 32 })).all;
  const mixed = (isWider: (name: string) => boolean) =>
    Object.fromEntries(Object.entries(types).map(([name, type]) => [name, isWider(name) ? wider[name]! : type]));

  test.each<[string, RegExp, string]>([
    [
      "attention",
      /^blocks\.3\.attn\.qkv/,
      "ShapeError in blocks.3.attn.qkv: linear(f32[2,8,16], f32[32,32], f32[32]): the input has 16 channels, the weight takes 32",
    ],
    [
      "modulation",
      /^blocks\.2\.adaLN_modulation/,
      "ShapeError in blocks.2.adaLN_modulation.1: linear(f32[2,16], f32[192,32], f32[192]): the input has 16 channels, the weight takes 32",
    ],
    ["the position table", /^pos_embed/, "ShapeError in pos_embed: add(f32[2,8,16], f32[1,8,32]): shapes"],
    ["the label table", /^y_embedder/, "ShapeError in conditioning: add(f32[2,16], f32[2,32]): shapes"],
    [
      "the final linear",
      /^final_layer\.linear/,
      "ShapeError in final_layer.linear: linear(f32[2,8,16], f32[16,32], f32[16]): the input has 16 channels, the weight takes 32",
    ],
  ])("%s of another width", (_, wide, message) => {
    expect(() => forward(mixed((name) => wide.test(name)))).toThrow(ShapeError);
    expect(() => forward(mixed((name) => wide.test(name)))).toThrow(message);
  });

  test("a block too few", () => {
    const shorter = Object.fromEntries(Object.entries(types).filter(([name]) => !name.startsWith("blocks.3.")));
    expect(() => forward(shorter)).toThrow("parameter blocks.3.attn.qkv.weight is missing");
  });
});
