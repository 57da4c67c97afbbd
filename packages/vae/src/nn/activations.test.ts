import { f32, hostF32, reference, trace } from "@dit/core";
import { expect, test } from "vitest";
import { type ActivationName, activations } from "./activations";

const xs = [-6, -3, -1, -0.1, 0, 0.1, 1, 3, 6];

// PyTorch's values of x = -3, -1 and 1.
test.each<[ActivationName, number, number, number]>([
  ["silu", -0.14227762, -0.26894142, 0.73105858],
  ["swish", -0.14227762, -0.26894142, 0.73105858],
  ["gelu", -0.00404969, -0.15865525, 0.84134475],
  ["relu", 0, 0, 1],
  ["mish", -0.14564746, -0.30340146, 0.86509839],
])("%s has PyTorch's values", async (name, ...expected) => {
  const graph = trace(name, { x: f32([xs.length]) }, ({ x }) => ({ y: activations[name](x) }));
  const executable = await reference().compile(graph);
  const { y } = await executable.run({ x: hostF32([xs.length], xs) });
  const values = (await y!.read()).data;
  const at = (x: number) => values[xs.indexOf(x)]!;
  for (const [i, x] of [-3, -1, 1].entries()) expect(at(x)).toBeCloseTo(expected[i]!, 6);
  expect(at(0)).toBe(0);
  expect([at(6), Math.abs(at(-6)) < 0.02]).toEqual([expect.closeTo(6, 1), true]);
});
