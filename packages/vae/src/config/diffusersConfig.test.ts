import { describe, expect, test } from "vitest";
import { fromDiffusersConfig, toDiffusersConfig } from "./diffusersConfig";
import { klConfig, klDefaults } from "./klConfig";
import { tinyConfig } from "./tinyConfig";

describe("a config.json of diffusers", () => {
  test.each([
    klDefaults,
    klConfig({
      blockOutChannels: [64, 128],
      downBlockTypes: ["DownEncoderBlock2D", "AttnDownEncoderBlock2D"],
      latentChannels: 2,
      latentsMean: [0.1, -0.2],
      latentsStd: [1, 2],
      shiftFactor: 0.1159,
      activation: "mish",
      useQuantConv: false,
      usePostQuantConv: false,
      midBlockAddAttention: false,
    }),
    tinyConfig({ latentChannels: 16, latentShift: 0.25 }),
  ])("holds every setting: what is written is read again (%#)", (config) => {
    expect(fromDiffusersConfig(JSON.parse(JSON.stringify(toDiffusersConfig(config))))).toEqual(config);
  });

  test("that leaves entries out has diffusers' defaults, which are not Stable Diffusion's", () => {
    expect(fromDiffusersConfig({ _class_name: "AutoencoderKL" })).toMatchObject({
      blockOutChannels: [64],
      layersPerBlock: 1,
      useQuantConv: true,
      shiftFactor: 0,
    });
  });

  test.each([
    [{ _class_name: "VQModel" }, 'it configures "VQModel"'],
    [{ act_fn: "tanh" }, "act_fn is tanh, which is not known"],
    [{ down_block_types: ["DownBlock3D"] }, "down_block_types has DownBlock3D"],
    [{ latent_channels: 0 }, "latent_channels is 0, allowed: a whole number from 1"],
    [{ latent_channels: 1e9, latents_mean: [1, 2] }, "latentsMean has 2 numbers"],
    [
      {
        block_out_channels: [64, 65],
        down_block_types: ["DownEncoderBlock2D", "DownEncoderBlock2D"],
        up_block_types: ["UpDecoderBlock2D", "UpDecoderBlock2D"],
      },
      "a width of 65 does not split",
    ],
    [{ block_out_channels: [64, 64] }, "downBlockTypes describes 1 levels, blockOutChannels 2"],
  ])("with %j is refused", (json, message) => {
    expect(() => fromDiffusersConfig({ _class_name: "AutoencoderKL", ...json })).toThrow(message);
  });
});
