import { describe, expect, test } from "vitest";
import { klConfig } from "../config/klConfig";
import { tinyConfig } from "../config/tinyConfig";
import { encoderGraph, latentSize } from "./graphs";

const levels = { blockOutChannels: [4, 4, 4], layersPerBlock: 1, normNumGroups: 1 };

describe.each([klConfig(levels), tinyConfig({ encoderBlockOutChannels: [4, 4, 4], numEncoderBlocks: [1, 1, 1] })])(
  "an encoder of three levels, $kind",
  (config) => {
    test("makes latents of a quarter of the images' sides", () => {
      const { shape } = encoderGraph(config, 2, [8, 12]).outputs[0]!.tensor;
      expect(shape).toEqual([2, 4, ...latentSize(config, [8, 12])]);
      expect(shape).toEqual([2, 4, 2, 3]);
    });

    test("refuses images that cannot be halved twice", () => {
      expect(() => encoderGraph(config, 1, [8, 5])).toThrow(
        "images of 8x5 cannot be halved 2 times; take sides that are multiples of 4",
      );
    });
  },
);
