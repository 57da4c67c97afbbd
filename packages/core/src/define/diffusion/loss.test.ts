import { describe, expect, test } from "vitest";
import { backward } from "../../differentiate/backward";
import { concat, constant, constantF32, input, scalar } from "../../ir/create";
import { hostI32 } from "../../ir/hostTensor";
import type { F32 } from "../../ir/tensor";
import { compute } from "../../run/reference/compute";
import { priorBitsPerDim } from "./bitsPerDim";
import { type DiffusionConfig, diffusionDefaults } from "./config";
import { qSample } from "./forward";
import { losses, meanFlat, timestepOf, trainingLosses } from "./loss";
import { epsFromX0, predictionTarget, predictX0 } from "./prediction";
import { process } from "./process";
import { pMeanVariance } from "./reverse";

const chain = process("linear", 1000);
const steps = [0, 1, 500, 999];
const step = constant(hostI32([4], steps));
const image = [4, 2, 2, 2] as const;
const wave = (speed: number, shape: readonly number[] = image) =>
  constantF32(
    shape,
    Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(speed * i + 1)),
  );
const x0 = wave(1.7);
const noise = wave(2.9);
const xt = qSample(chain, x0, step, noise);
const output = input("output", { dtype: "f32", shape: [4, 4, 2, 2] });
const outputs = Float64Array.from({ length: 64 }, (_, i) => Math.cos(0.9 * i));
const configOf = (changes: Partial<DiffusionConfig>): DiffusionConfig => ({ ...diffusionDefaults, ...changes });
const valuesOf = (...tensors: F32[]) => compute(tensors, new Map([[output, outputs]]));

describe("noising", () => {
  test("mixes image and noise by the chain's coefficients", () => {
    const [values, image, noises] = valuesOf(xt, x0, noise);
    values!.forEach((value, i) => {
      const t = steps[Math.floor(i / 8)]!;
      const expected = chain.sqrtAlphasCumprod[t]! * image![i]! + chain.sqrtOneMinusAlphasCumprod[t]! * noises![i]!;
      expect(value).toBeCloseTo(expected, 6);
    });
  });

  test.each(["eps", "x0", "v"] as const)("is undone by a perfect prediction of %s", (type) => {
    const target = predictionTarget(chain, type, x0, noise, step);
    const implied = predictX0(chain, type, target, xt, step);
    const [image, back, noises, noiseBack] = valuesOf(x0, implied, noise, epsFromX0(chain, x0, xt, step));
    back!.forEach((value, i) => {
      expect(Math.abs(value - image![i]!)).toBeLessThan(1e-4);
      expect(Math.abs(noiseBack![i]! - noises![i]!)).toBeLessThan(1e-4);
    });
  });

  test("ends as good as standard normal", () => {
    const last = constant(hostI32([4], [999, 999, 999, 999]));
    const [bits] = valuesOf(priorBitsPerDim(chain, x0, last));
    expect(Math.max(...bits!)).toBeLessThan(1e-3);
  });
});

describe("the losses", () => {
  const of = (config: Partial<DiffusionConfig>) => losses(chain, configOf(config), output, xt, { x0, noise, step });

  test("by default are the squared error and the variational term", () => {
    const { loss, mse, vb } = of({});
    const [lossValues, mseValues, vbValues, noises] = valuesOf(loss, mse!, vb!, noise);
    const byHand = steps.map((_, n) => {
      let sum = 0;
      for (let i = 0; i < 8; i++) sum += (noises![8 * n + i]! - outputs[16 * n + i]!) ** 2 / 8;
      return sum;
    });
    mseValues!.forEach((value, n) => {
      expect(value).toBeCloseTo(byHand[n]!, 6);
      expect(lossValues![n]).toBeCloseTo(value + vbValues![n]!, 10);
      expect(vbValues![n]).toBeGreaterThan(0);
    });
  });

  test("the variational term trains the variance alone, the squared error the prediction alone", () => {
    const { mse, vb } = of({});
    const [byMse, byVb] = [mse!, vb!].map((term) => valuesOf(backward(term.sum(), scalar(1, "f32"), [output])[0]!)[0]!);
    outputs.forEach((_, i) => {
      const isPrediction = i % 16 < 8;
      expect(byMse![i] !== 0).toBe(isPrediction);
      expect(byVb![i] !== 0).toBe(!isPrediction);
    });
  });

  test("rescaled, the variational term counts as steps / 1000", () => {
    const short = process("linear", 1000, "250");
    const at = constant(hostI32([4], [0, 1, 100, 249]));
    const given = { x0, noise, step: at };
    const from = qSample(short, x0, at, noise);
    const [plain, rescaled] = (["mse", "rescaledMse"] as const).map((loss) =>
      losses(short, configOf({ loss }), output, from, given),
    );
    const [vb, quarter] = valuesOf(plain!.vb!, rescaled!.vb!);
    vb!.forEach((value, n) => {
      expect(quarter![n]).toBeCloseTo(value / 4, 10);
    });
  });

  test("the bound alone lets the gradient through to the prediction", () => {
    const { loss, mse } = of({ loss: "kl" });
    expect(mse).toBeUndefined();
    const [gradient] = valuesOf(backward(loss.sum(), scalar(1, "f32"), [output])[0]!);
    expect(gradient![1 * 16]).not.toBe(0);
    const [kl, rescaled] = valuesOf(loss, of({ loss: "rescaledKl" }).loss);
    expect(rescaled![2]).toBeCloseTo(1000 * kl![2]!, 8);
  });

  test("with a fixed variance are the squared error alone", () => {
    const whole = losses(chain, configOf({ variance: "fixedSmall" }), noise.mul(0), xt, { x0, noise, step });
    expect(whole.vb).toBeUndefined();
    const [loss, byHand] = valuesOf(whole.loss, meanFlat(noise.square()));
    expect([...loss!]).toEqual([...byHand!]);
  });

  test("of a perfect prediction with the posterior's variance are 0 but at step 0", () => {
    const lowest = constantF32([4, 2, 2, 2], new Array<number>(32).fill(-1));
    const terms = losses(chain, configOf({}), concat([noise, lowest], 1), xt, { x0, noise, step });
    const [mse, vb] = valuesOf(terms.mse!, terms.vb!);
    expect(Math.max(...mse!)).toBe(0);
    expect(Math.max(...vb!.slice(1))).toBeLessThan(1e-4);
  });
});

describe("the learned variance", () => {
  test.each([
    [-1, "posteriorLogVarianceClipped"],
    [1, "betas"],
  ] as const)("at %d is the end of its range", (v, end) => {
    const values = constantF32([1, 4, 1, 1], [0, 0, v, v]).broadcastTo([4, 4, 2, 2]);
    const { logVariance } = pMeanVariance(chain, diffusionDefaults, values, xt, step);
    const [seen] = valuesOf(logVariance);
    steps.forEach((t, n) => {
      const expected = end === "betas" ? Math.log(chain.betas[t]!) : chain.posteriorLogVarianceClipped[t]!;
      expect(seen![8 * n]).toBeCloseTo(expected, 5);
    });
  });
});

test("the network is asked at the timesteps of the whole chain, not at the shortened one's steps", () => {
  const short = process("linear", 1000, "ddim50");
  const asked = timestepOf(short, constant(hostI32([3], [0, 1, 49])));
  expect([...compute([asked])[0]!]).toEqual([0, 20, 980]);
  expect(timestepOf(chain, step)).toBe(step);
  trainingLosses(
    short,
    configOf({}),
    (x, t) => {
      expect([...compute([t])[0]!]).toEqual([0, 20, 20, 980]);
      return x.pad([0, 0, 0, 0], [0, 2, 0, 0]);
    },
    { x0, noise, step: constant(hostI32([4], [0, 1, 1, 49])) },
  );
  expect.assertions(3);
});
