import { describe, expect, test } from "vitest";
import { input } from "../../ir/create";
import { compute } from "../../run/reference/compute";
import { type EmaConfig, emaDecayAt, emaUpdate, powerOfWidth, widestEma } from "./ema";

const leaf = (name: string, shape: number[] = [3]) => input(name, { dtype: "f32", shape });

describe("the moving average", () => {
  const [average, p, decay] = [leaf("average"), leaf("p"), leaf("decay", [])];
  const updated = (rate: number) => [
    ...compute(
      [emaUpdate(average, p, decay)],
      new Map([
        [average, [1, 2, 3]],
        [p, [3, 2, -1]],
        [decay, [rate]],
      ]),
    )[0]!,
  ];

  test("moves by 1 - decay towards the parameter", () => {
    updated(0.75).forEach((value, i) => {
      expect(value).toBeCloseTo([1.5, 2, 2][i]!, 12);
    });
  });

  test("with decay 0 is the parameter, with decay 1 stays", () => {
    expect(updated(0)).toEqual([3, 2, -1]);
    expect(updated(1)).toEqual([1, 2, 3]);
  });
});

/** The share that each of `steps` weights has in the average at the end. */
function shares(steps: number, config: EmaConfig): number[] {
  const out: number[] = [];
  for (let step = 1; step <= steps; step++) {
    const decay = emaDecayAt(step, config);
    for (let i = 0; i < out.length; i++) out[i]! *= decay;
    out.push(1 - decay);
  }
  return out;
}

describe("the decay", () => {
  test("is constant, or rises to that from less", () => {
    expect([1, 500].map((step) => emaDecayAt(step, { decay: 0.99 }))).toEqual([0.99, 0.99]);
    const warm = [1, 10, 90, 10_000].map((step) => emaDecayAt(step, { decay: 0.99, warmup: true }));
    expect(warm).toEqual([1 / 11, 0.5, 0.9, 0.99]);
  });

  test.each([0.05, 0.1, 0.15, 0.25])("of width %d weighs the steps as widely as it says", (sigmaRel) => {
    const steps = 5000;
    const weights = shares(steps, { sigmaRel });
    const sum = (f: (x: number) => number) => weights.reduce((total, w, i) => total + w * f((i + 1) / steps), 0);
    expect(sum(() => 1)).toBeCloseTo(1, 9);
    expect(Math.sqrt(sum((x) => x * x) - sum((x) => x) ** 2)).toBeCloseTo(sigmaRel, 3);
  });

  // The paper's own figures for its two usual widths (arXiv 2312.02696, section 3.1).
  test("has the published exponents", () => {
    expect(powerOfWidth(0.05)).toBeCloseTo(16.97, 2);
    expect(powerOfWidth(0.1)).toBeCloseTo(6.94, 2);
  });

  test("of the widest profile is that of the plain mean", () => {
    expect(powerOfWidth(widestEma)).toBeCloseTo(0, 9);
    for (const share of shares(8, { sigmaRel: widestEma })) expect(share).toBeCloseTo(1 / 8, 9);
  });

  test.each([0, -0.1, 0.3, Number.NaN])("refuses width %d", (sigmaRel) => {
    expect(() => emaDecayAt(1, { sigmaRel })).toThrow("allowed: above 0 to 0.2887");
  });
});
