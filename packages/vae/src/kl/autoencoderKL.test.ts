import { bindParams, f32, paramTypes, trace } from "@dit/core";
import { nodesOf } from "@dit/core/internal";
import { expect, test } from "vitest";
import { klConfig } from "../config/klConfig";
import { decodeKL, decodingKLSpec, encodeKL, encodingKLSpec } from "./autoencoderKL";

test("blocks have the activation of the configuration, the last convolution of either side has SiLU before it", () => {
  const sizes = { blockOutChannels: [4, 8], layersPerBlock: 1, normNumGroups: 2, latentChannels: 2 } as const;
  const config = klConfig({ ...sizes, activation: "relu" });
  const [encoding, decoding] = [encodingKLSpec(config), decodingKLSpec(config)];
  const x = f32([1, 3, 8, 8]);
  const z = f32([1, 2, 4, 4]);
  const graphs = [
    trace("encode", { params: paramTypes(encoding).all, x }, ({ params, x }) => ({
      out: encodeKL(bindParams(encoding, params), x, config),
    })),
    trace("decode", { params: paramTypes(decoding).all, z }, ({ params, z }) => ({
      out: decodeKL(bindParams(decoding, params), z, config),
    })),
  ];
  for (const graph of graphs) {
    const silus = nodesOf(graph).filter(({ op }) => op === "silu");
    expect(silus.map(({ inputs }) => inputs[0]!.scope)).toEqual([
      expect.stringMatching(/^(en|de)coder.conv_norm_out$/),
    ]);
  }
});
