import { describe, expect, test } from "vitest";
import type { FlowConfig } from "../flow/config";
import { type PathName, pathAt, paths } from "../flow/path";
import type { FlowPredictionType } from "../flow/prediction";
import { type DiffusionForm, diffusionForms } from "../flow/sde";
import { flowOde, type OdeMethod } from "./flowOde";
import { flowSde, type LastStep, type SdeMethod } from "./flowSde";
import type { SamplerRow, SamplerTable } from "./table";

// On data x ~ N(mean, std^2) the best prediction is known in closed form and linear in x, so what a whole run
// makes of its noise is a Gaussian, followed exactly in plain numbers: no network, no draws.

const data = { mean: 0.7, std: 0.4 };
type Flow = Pick<FlowConfig, "path" | "prediction">;
const velocity: Flow = { path: "linear", prediction: "velocity" };

/** E[image | x] and E[noise | x] as (slope, offset). */
function posterior(path: PathName, time: number) {
  const { alpha, sigma } = pathAt(path, time);
  const total = alpha ** 2 * data.std ** 2 + sigma ** 2;
  const [image, noise] = [(alpha * data.std ** 2) / total, sigma / total];
  return {
    image: { slope: image, offset: data.mean * (1 - image * alpha) },
    noise: { slope: noise, offset: -noise * alpha * data.mean },
  };
}

/** What a perfect network puts out. */
function best({ path, prediction }: Flow, time: number) {
  const { sigma, dAlpha, dSigma } = pathAt(path, time);
  const { image, noise } = posterior(path, time);
  const mixed = (a: number, b: number) => ({
    slope: a * image.slope + b * noise.slope,
    offset: a * image.offset + b * noise.offset,
  });
  return { velocity: mixed(dAlpha, dSigma), noise: mixed(0, 1), score: mixed(0, -1 / sigma) }[prediction];
}

/** x, anchor, d1, d2, d3 */
type State = readonly [number, number, number, number, number];

/** One row, linear in the state, in `one` (the constant 1) and in the noise. */
function rowOf(row: SamplerRow, flow: Flow, before: State, one: number, noise: number): State {
  const x = before[0] + row.noiseBefore * noise;
  const anchor = row.starts === 1 ? x : before[1];
  const { slope, offset } = best(flow, row.timestep);
  const output = slope * x + offset * one;
  const x0 = row.x0FromX * x + row.x0FromOutput * output;
  const d = row.dFromX * x + row.dFromX0 * x0 + row.dFromOutput * output;
  const past = row.fromD1 * before[2] + row.fromD2 * before[3] + row.fromD3 * before[4];
  const next = row.fromX * x + row.fromAnchor * anchor + row.fromD * d + past + row.std * noise;
  return [next, anchor, d, before[2], before[3]];
}

const units = [0, 1, 2, 3, 4].map((i) => [0, 1, 2, 3, 4].map((j) => (i === j ? 1 : 0)) as unknown as State);
const nothing: State = [0, 0, 0, 0, 0];

/** Follows a table's rows from x ~ N(0, 1): mean and deviation of what comes out, and its slope in where it began. */
function follow({ rows }: SamplerTable, flow: Flow) {
  let [mean, slope, covariance] = [nothing, units[0]!, units.map((_, i) => (i === 0 ? units[0]! : nothing))];
  for (const row of rows) {
    const through = units.map((unit) => rowOf(row, flow, unit, 0, 0));
    const drawn = rowOf(row, flow, nothing, 0, 1);
    const mapped = covariance.map((column) =>
      drawn.map((_, i) => column.reduce((sum, value, k) => sum + through[k]![i]! * value, 0)),
    );
    covariance = drawn.map((_, i) =>
      drawn.map((_, j) => mapped.reduce((sum, column, k) => sum + through[k]![i]! * column[j]!, drawn[i]! * drawn[j]!)),
    ) as unknown as State[];
    [mean, slope] = [rowOf(row, flow, mean, 1, 0), rowOf(row, flow, slope, 0, 0)];
  }
  return { slope: slope[0], mean: mean[0], std: Math.sqrt(covariance[0]![0]) };
}

describe("the methods of fixed step", () => {
  test.each<[OdeMethod, number]>([
    ["euler", 1],
    ["midpoint", 2],
    ["heun2", 2],
    ["heun3", 3],
    ["rk4", 4],
  ])("%s comes to the exact flow at order %d", (method, order) => {
    const errorOf = (steps: number) => {
      // The flow keeps each point's distance from the mean in deviations: x = mean + std z.
      // On the linear path midpoint's error of second order happens to be zero for Gaussian data.
      const flow: Flow = { path: "gvp", prediction: "velocity" };
      const { slope, mean } = follow(flowOde(flow, { method, steps }), flow);
      return Math.hypot(slope - data.std, mean - data.mean);
    };
    const [coarse, fine] = [errorOf(40), errorOf(80)];
    expect(coarse).toBeLessThan(0.03);
    expect(Math.log2(coarse / fine)).toBeGreaterThan(order - 0.25);
    expect(Math.log2(coarse / fine)).toBeLessThan(order + 0.5);
  });

  test.each(
    (Object.keys(paths) as PathName[]).flatMap((path) =>
      (["velocity", "noise", "score"] as const).map((prediction): [PathName, FlowPredictionType] => [path, prediction]),
    ),
  )("come to the data along the %s path from a %s", (path, prediction) => {
    const flow = { path, prediction };
    const { mean, std } = follow(flowOde(flow, { method: "rk4", steps: 400 }), flow);
    expect(Math.abs(mean - data.mean)).toBeLessThan(0.004);
    expect(Math.abs(std - data.std)).toBeLessThan(0.004);
  });

  test("take as many calls as stages, between the ends of the time", () => {
    const { rows } = flowOde(velocity, { method: "rk4", steps: 5 });
    expect(rows).toHaveLength(20);
    expect(rows[0]!.timestep).toBe(0);
    expect(rows.at(-1)!.timestep).toBe(1);
  });

  test("are the same through the image, where nothing needs clamping", () => {
    const through = follow(flowOde(velocity, { method: "rk4", steps: 10, clip: true }), velocity);
    const plain = follow(flowOde(velocity, { method: "rk4", steps: 10 }), velocity);
    expect(through.slope).toBeCloseTo(plain.slope, 10);
    expect(through.mean).toBeCloseTo(plain.mean, 10);
  });

  test("see the image that the best prediction implies", () => {
    for (const row of flowOde(velocity, { method: "heun2", steps: 4 }).rows) {
      const [output, { image }] = [best(velocity, row.timestep), posterior("linear", row.timestep)];
      expect(row.x0FromX + row.x0FromOutput * output.slope).toBeCloseTo(image.slope, 10);
      expect(row.x0FromOutput * output.offset).toBeCloseTo(image.offset, 10);
    }
  });
});

describe("the samplers that add noise", () => {
  // The last step is an approximation of its own; here it is short, so that the others show.
  const options = { steps: 1000, lastStepSize: 1e-3 } as const;
  const forms = Object.keys(diffusionForms) as DiffusionForm[];

  test.each(
    (["eulerMaruyama", "heun"] as const).flatMap((method) =>
      forms.map((form): [SdeMethod, DiffusionForm] => [method, form]),
    ),
  )("%s with %s noise comes to the data's mean and deviation within 1%%", (method, form) => {
    for (const path of Object.keys(paths) as PathName[]) {
      const flow: Flow = { path, prediction: "velocity" };
      const { mean, std } = follow(flowSde(flow, { ...options, method, form, lastStep: "mean" }), flow);
      expect(Math.abs(mean / data.mean - 1), path).toBeLessThan(0.01);
      expect(Math.abs(std / data.std - 1), path).toBeLessThan(0.01);
    }
  });

  test.each<LastStep>(["mean", "euler", "tweedie", "none"])("ends within 2%% with SiT's last step %s", (lastStep) => {
    const settings = { steps: 1000, lastStepSize: 0.04 };
    const table = flowSde(velocity, { ...settings, method: "eulerMaruyama", form: "sigma", lastStep });
    expect(table.rows).toHaveLength(lastStep === "none" ? 1000 : 1001);
    const { mean, std } = follow(table, velocity);
    expect(Math.abs(mean / data.mean - 1)).toBeLessThan(0.02);
    expect(Math.abs(std / data.std - 1)).toBeLessThan(0.02);
  });

  test("to the mean of the image end at just that", () => {
    const settings = { steps: 20, lastStepSize: 0.04, method: "eulerMaruyama", form: "sigma" } as const;
    const table = flowSde(velocity, { ...settings, lastStep: "tweedie" });
    const before = follow({ ...table, rows: table.rows.slice(0, -1) }, velocity);
    const { image } = posterior("linear", 0.96);
    const after = follow(table, velocity);
    expect(after.mean).toBeCloseTo(image.slope * before.mean + image.offset, 10);
    expect(after.std).toBeCloseTo(image.slope * before.std, 10);
  });

  test("forget where they began, unlike the flow", () => {
    const table = flowSde(velocity, { ...options, method: "eulerMaruyama", form: "constant", lastStep: "mean" });
    expect(Math.abs(follow(table, velocity).slope)).toBeLessThan(0.1);
  });

  test("draw once a step, and never in the last", () => {
    const heun = flowSde(velocity, { ...options, steps: 5, method: "heun", form: "linear", lastStep: "mean" });
    expect(heun.rows.map(({ noiseBefore, std }) => noiseBefore > 0 || std > 0)).toEqual([
      ...Array.from({ length: 10 }, (_, i) => i % 2 === 0),
      false,
    ]);
  });

  test("refuse a time at which the score has no value", () => {
    const options = { method: "heun", form: "constant", steps: 4, lastStep: "none", lastStepSize: 0.04 } as const;
    expect(() => flowSde(velocity, options)).toThrow("the score has no value at time 1");
  });
});
