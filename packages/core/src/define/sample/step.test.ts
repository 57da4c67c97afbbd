import { describe, expect, test } from "vitest";
import { constantF32, scalar } from "../../ir/create";
import { compute } from "../../run/reference/compute";
import { process } from "../diffusion/process";
import { ddim } from "./ddim";
import { ddpm } from "./ddpm";
import { levelsOf } from "./spacing";
import { type StepOptions, samplerStep } from "./step";
import { columnsOf, type SamplerRow } from "./table";

const levels = levelsOf(process("linear", 1000, "10"));
const shape = [1, 2, 2, 1];
const x = constantF32(shape, [0.5, -1, 2, 3]);
const noise = constantF32(shape, [1, -1, 0.5, 0]);
const prediction = [0.1, -0.2, 0.3, 0.4];
const values = [-1, 0, 0.5, 1];
const learned = constantF32([1, 4, 2, 1], [...prediction, ...values]);

function step(row: SamplerRow, options: Partial<StepOptions>, isNoisy = true) {
  const scalars = Object.fromEntries(columnsOf({ rows: [row] }).map((name) => [name, scalar(row[name], "f32")]));
  const output = options.variance === "learnedRange" ? learned : constantF32(shape, prediction);
  const next = samplerStep(scalars, { x }, () => output, isNoisy ? noise : undefined, {
    variance: "fixedSmall",
    learnedVariance: false,
    clip: false,
    ...options,
  });
  const [moved, x0] = compute([next.state.x, next.x0]);
  return { x: [...moved!], x0: [...x0!] };
}

const near = (seen: readonly number[], expected: readonly number[]) =>
  expected.forEach((value, i) => {
    expect(Math.abs(seen[i]! - value)).toBeLessThan(1e-5 * Math.max(1, Math.abs(value)));
  });

describe("a step of a sampler", () => {
  const row = ddpm(levels, { prediction: "eps", variance: "fixedSmall" }).rows[5]!;
  const xs = [0.5, -1, 2, 3];
  const implied = xs.map((value, i) => row.x0FromX * value + row.x0FromOutput * prediction[i]!);

  test("is the row's combination of x, the implied image and noise", () => {
    const { x: next, x0 } = step(row, {});
    near(x0, implied);
    near(
      next,
      xs.map((value, i) => row.fromX * value + row.fromD * implied[i]! + row.std * [1, -1, 0.5, 0][i]!),
    );
  });

  test("without noise takes none", () => {
    const deterministic = ddim(levels, { prediction: "eps" }).rows[5]!;
    const { x: next, x0 } = step(deterministic, {}, false);
    near(
      next,
      xs.map((value, i) => deterministic.fromX * value + deterministic.fromD * x0[i]!),
    );
  });

  test("clamps the implied image where asked to, and goes on from that", () => {
    const clamped = implied.map((value) => Math.min(1, Math.max(-1, value)));
    expect(clamped).not.toEqual(implied);
    const { x: next, x0 } = step(row, { clip: true }, false);
    near(x0, clamped);
    near(
      next,
      xs.map((value, i) => row.fromX * value + row.fromD * clamped[i]!),
    );
  });

  test("scales the noise by the learned variance, between the two logarithms", () => {
    const ranged = ddpm(levels, { prediction: "eps", variance: "learnedRange" }).rows[5]!;
    const options = { variance: "learnedRange", learnedVariance: true } as const;
    const { x: next } = step(ranged, options);
    const { x: mean } = step(ranged, options, false);
    near(
      next,
      mean.map((value, i) => {
        const fraction = (values[i]! + 1) / 2;
        const logVariance = fraction * ranged.logVarianceHigh + (1 - fraction) * ranged.logVarianceLow;
        return value + Math.exp(0.5 * logVariance) * [1, -1, 0.5, 0][i]!;
      }),
    );
  });

  test("at the end adds no noise, even a learned one", () => {
    const last = ddpm(levels, { prediction: "eps", variance: "learnedRange" }).rows.at(-1)!;
    const options = { variance: "learnedRange", learnedVariance: true } as const;
    expect(step(last, options).x).toEqual(step(last, options, false).x);
  });
});
