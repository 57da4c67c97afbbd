import { initialize, readSafetensors, type Weights, writeSafetensors } from "@dit/core";
import { concatBytes } from "@dit/core/internal";
import { describe, expect, test } from "vitest";
import { klConfig } from "../config/klConfig";
import { tinyConfig } from "../config/tinyConfig";
import { type Vae, type VaeConfig, vaeSpec } from "../vae";
import { vaeFromTensors, vaePieces } from "./vaeFile";

const config = klConfig({
  blockOutChannels: [32, 64, 32],
  layersPerBlock: 1,
  latentChannels: 4,
  downBlockTypes: ["DownEncoderBlock2D", "DownEncoderBlock2D", "AttnDownEncoderBlock2D"],
  upBlockTypes: ["AttnUpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D"],
});
const weights = initialize(vaeSpec(config), 3);
const vaeIn = (tensors: Weights, options = {}) => vaeFromTensors(readSafetensors(writeSafetensors(tensors)), options);

/** Every tensor under another name, perhaps of another shape. */
function renamed(rename: (name: string) => string, of: Weights = weights): Weights {
  return Object.fromEntries(Object.entries(of).map(([name, value]) => [rename(name), value]));
}

function expectSame(loaded: Vae, expected: VaeConfig = config): void {
  expect({ ...loaded.config, sampleSize: 0 }).toEqual({ ...expected, sampleSize: 0 });
  expect(Object.keys(loaded.weights).sort()).toEqual(Object.keys(weights).sort());
  for (const [name, { shape, data }] of Object.entries(weights)) {
    expect(loaded.weights[name]!.shape, name).toEqual(shape);
    const seen = loaded.weights[name]!.data;
    // Not toEqual, which takes seconds for so many numbers.
    expect(seen.length === data.length && data.every((x, i) => x === seen[i]), name).toBe(true);
  }
}

describe("an AutoencoderKL", () => {
  test("is known by its bare weights", () => expectSame(vaeIn(weights)));

  test("has its configuration in the file that we write", () => {
    const scaled = { ...config, scalingFactor: 0.3611, shiftFactor: 0.1159, normNumGroups: 16 };
    const file = readSafetensors(concatBytes([...vaePieces({ config: scaled, weights })]));
    expectSame(vaeFromTensors(file), scaled);
  });

  test.each([
    [{ ...config, layersPerBlock: 1e9 }, "3000000000 residual blocks"],
    [tinyConfig({ numDecoderBlocks: [1, 1e12, 1, 1] }), "1000000000013 residual blocks"],
  ])("is not built of more than the file can hold", (config, message) => {
    expect(() => vaeIn(weights, { config })).toThrow(message);
  });

  test("is read with the names that diffusers gave to attention in 2022", () => {
    const old = { to_q: "query", to_k: "key", to_v: "value", "to_out.0": "proj_attn" } as const;
    expectSame(
      vaeIn(
        renamed((name) => name.replace(/\.(to_[qkv]|to_out\.0)\./, (_, part: keyof typeof old) => `.${old[part]}.`)),
      ),
    );
  });

  test("is read from CompVis' layout, whose decoder counts from the finest level and whose attention is convolutions", () => {
    const compVis = renamed((name) => `first_stage_model.${compVisName(name)}`);
    const convolutions = Object.entries(compVis).map(([name, value]) =>
      /attn_1\.(q|k|v|proj_out)\.weight$|attn\.\d\.(q|k|v|proj_out)\.weight$/.test(name)
        ? [name, { ...value, shape: [...value.shape, 1, 1] }]
        : [name, value],
    );
    const others = { "model.diffusion_model.out.0.weight": weights["quant_conv.bias"]! };
    expectSame(vaeIn({ ...Object.fromEntries(convolutions), ...others }));
  });

  test("of another number of latent channels must be told its scale", () => {
    const other = klConfig({ ...config, latentChannels: 16 });
    const of = initialize(vaeSpec(other), 0);
    expect(() => vaeIn(of)).toThrow("give scalingFactor");
    expect(vaeIn(of, { scalingFactor: 0.3611 }).config).toMatchObject({ latentChannels: 16, scalingFactor: 0.3611 });
  });

  test("with a tensor missing, too many or misshapen is refused by its name", () => {
    const { "decoder.conv_out.bias": _, ...rest } = weights;
    expect(() => vaeIn(rest)).toThrow("parameter decoder.conv_out.bias is missing");
    expect(() => vaeIn({ ...weights, "encoder.extra": weights["quant_conv.bias"]! })).toThrow(
      "a parameter encoder.extra",
    );
    expect(() => vaeIn({ ...weights, "quant_conv.bias": weights["post_quant_conv.bias"]! })).toThrow(
      "quant_conv.bias has shape [4], the configuration says [8]",
    );
  });
});

test("a tiny autoencoder is known by its bare weights", () => {
  const tiny = tinyConfig({
    numEncoderBlocks: [1, 3, 2],
    numDecoderBlocks: [2, 1, 1],
    encoderBlockOutChannels: [8, 8, 8],
    decoderBlockOutChannels: [16, 16, 16],
  });
  expect(vaeIn(initialize(vaeSpec(tiny), 0)).config).toEqual(tiny);
});

test("what is no autoencoder is said to look like what it is", () => {
  const dit = {
    "x_embedder.proj.weight": weights["quant_conv.weight"]!,
    "final_layer.adaLN_modulation.1.weight": weights["quant_conv.weight"]!,
  };
  expect(() => vaeIn(dit)).toThrow("not the weights of an autoencoder; they look like a DiT");
});

/** The names of CompVis, written down from its modules rather than turned back from ours. */
function compVisName(name: string): string {
  const [side, part, ...rest] = name.split(".");
  const leaf = (words: readonly string[]) =>
    words
      .join(".")
      .replace("conv_shortcut", "nin_shortcut")
      .replace("group_norm", "norm")
      .replace(/to_([qkv])\./, "$1.")
      .replace("to_out.0", "proj_out");
  if (part === "mid_block") {
    const [kind, index, ...more] = rest;
    return `${side}.mid.${kind === "resnets" ? `block_${Number(index) + 1}` : "attn_1"}.${leaf(more)}`;
  }
  if (part === "conv_norm_out") return `${side}.norm_out.${rest[0]}`;
  if (part !== "down_blocks" && part !== "up_blocks") return name;
  const [index, kind, inner, ...more] = rest;
  const level = part === "down_blocks" ? `down.${index}` : `up.${2 - Number(index)}`;
  if (kind === "downsamplers" || kind === "upsamplers")
    return `${side}.${level}.${kind === "downsamplers" ? "downsample" : "upsample"}.${more.join(".")}`;
  return `${side}.${level}.${kind === "resnets" ? "block" : "attn"}.${inner}.${leaf(more)}`;
}
