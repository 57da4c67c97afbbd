import { diffusionDefaults, ditConfig, hostF32, hostI32 } from "@dit/core";
import { formulaInput, formulaWeights } from "@dit/testkit";
import { expect, test } from "vitest";
import { ort } from "../backend";
import { networkGraph } from "../export";
import type { WeightFormat } from "./quantizedMatrix";

test("DiT-B/2 in int8 is within 3% of its largest value in f32, on formula weights", async () => {
  const config = { dit: ditConfig("DiT-B/2"), diffusion: diffusionDefaults };
  const feeds = { x: formulaInput("x", [2, 4, 32, 32]), t: hostF32([2], [17, 640]), y: hostI32([2], [7, 1000]) };
  const forward = async (weights: WeightFormat) => {
    const backend = await ort({ weights });
    const executable = await backend.compile(networkGraph({ config }, 2), { constants: formulaWeights(config.dit) });
    const { output } = await executable.run(feeds);
    const { data } = await output!.read();
    await backend.dispose();
    return data as Float32Array;
  };
  const [expected, actual] = [await forward("f32"), await forward("int8")];
  const largest = (values: Float32Array) => values.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  expect(largest(actual.map((v, i) => v - expected[i]!)) / largest(expected)).toBeLessThan(0.03);
});
