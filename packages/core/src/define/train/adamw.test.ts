import { describe, expect, test } from "vitest";
import { input } from "../../ir/create";
import type { Tensor } from "../../ir/tensor";
import { compute } from "../../run/reference/compute";
import { type AdamWConfig, adamw, adamwDefaults, adamwScalars, adamwScalarsAt } from "./adamw";
import { learningRateAt } from "./learningRate";

const leaf = (name: string, shape: number[] = [3]) => input(name, { dtype: "f32", shape });

/** The published algorithm, in plain numbers (arXiv 1711.05101, algorithm 2). */
function plainAdamW(p: number[], gradients: number[][], rates: number[], { betas, epsilon, weightDecay }: AdamWConfig) {
  const [m, v] = [p.map(() => 0), p.map(() => 0)];
  gradients.forEach((g, step) => {
    p = p.map((value, i) => {
      m[i] = betas[0] * m[i]! + (1 - betas[0]) * g[i]!;
      v[i] = betas[1] * v[i]! + (1 - betas[1]) * g[i]! ** 2;
      const mHat = m[i]! / (1 - betas[0] ** (step + 1));
      const vHat = v[i]! / (1 - betas[1] ** (step + 1));
      return value - rates[step]! * (mHat / (Math.sqrt(vHat) + epsilon) + weightDecay * value);
    });
  });
  return p;
}

/** The same with the graph's update. */
function graphAdamW(p: number[], gradients: number[][], rates: number[], config: AdamWConfig) {
  const tensors = { p: leaf("p"), g: leaf("g"), m: leaf("m"), v: leaf("v") };
  const scalars = { stepSize: leaf("stepSize", []), epsilon: leaf("epsilon", []), decay: leaf("decay", []) };
  const next = adamw(tensors.p, tensors.g, tensors.m, tensors.v, scalars, config);
  let state: ArrayLike<number>[] = [p, [0, 0, 0], [0, 0, 0]];
  gradients.forEach((g, step) => {
    const at = adamwScalarsAt(step + 1, rates[step]!, config);
    const given = new Map<Tensor, ArrayLike<number>>([[tensors.g, g]]);
    for (const [i, tensor] of [tensors.p, tensors.m, tensors.v].entries()) given.set(tensor, state[i]!);
    for (const name of ["stepSize", "epsilon", "decay"] as const) given.set(scalars[name], [at[name]]);
    state = compute([next.p, next.m, next.v], given);
  });
  return Array.from(state[0]!);
}

describe("AdamW", () => {
  const gradients = Array.from({ length: 30 }, (_, step) => [0, 1, 2].map((i) => Math.sin(3 * step + i) * 10 ** -i));
  const rates = gradients.map((_, step) =>
    learningRateAt(step, 30, { learningRate: 0.01, warmup: 5, decay: "cosine" }),
  );

  test.each<[string, AdamWConfig]>([
    ["the defaults", adamwDefaults],
    ["weight decay", { ...adamwDefaults, weightDecay: 0.1 }],
    ["other betas and a large epsilon", { betas: [0.5, 0.9], epsilon: 0.01, weightDecay: 0 }],
  ])("with %s is the published algorithm", (_, config) => {
    const seen = graphAdamW([1, -2, 0.5], gradients, rates, config);
    plainAdamW([1, -2, 0.5], gradients, rates, config).forEach((value, i) => {
      expect(Math.abs(seen[i]! - value)).toBeLessThan(1e-6);
    });
  });

  test("takes first steps of the learning rate, whatever the gradient's size", () => {
    graphAdamW([0, 0, 0], [[1e-4, -1, 1e4]], [0.01], adamwDefaults).forEach((value, i) => {
      expect(value).toBeCloseTo([-0.01, 0.01, -0.01][i]!, 5);
    });
  });

  test("declares the scalars that it makes", () => {
    expect(Object.keys(adamwScalarsAt(1, 0.1, adamwDefaults))).toEqual(Object.keys(adamwScalars));
  });
});
