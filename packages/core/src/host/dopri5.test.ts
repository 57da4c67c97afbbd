import { describe, expect, test } from "vitest";
import { type Derivative, dopri5 } from "./dopri5";

/** A pendulum without gravity's curve: x'' = -x, whose solution is a circle. */
const circle: Derivative = async (_, x) => Float64Array.of(x[1]!, -x[0]!);
const tolerance = { atol: 1e-6, rtol: 1e-3 };

function counted(f: Derivative): { f: Derivative; calls: () => number; times: number[] } {
  const times: number[] = [];
  return {
    f: (time, x) => {
      times.push(time);
      return f(time, x);
    },
    calls: () => times.length,
    times,
  };
}

async function errorAt(times: readonly number[], given = tolerance): Promise<number> {
  const states = await dopri5(circle, Float64Array.of(1, 0), times, given);
  return Math.max(...times.map((t, i) => Math.hypot(states[i]![0]! - Math.cos(t), states[i]![1]! + Math.sin(t))));
}

describe("dopri5", () => {
  test("follows a circle within its tolerance, also between its steps", async () => {
    const times = Array.from({ length: 41 }, (_, i) => i / 8);
    expect(await errorAt(times)).toBeLessThan(5e-3);
    expect(await errorAt(times, { atol: 1e-10, rtol: 1e-10 })).toBeLessThan(1e-8);
  });

  test("is of fifth order: a tolerance 10^5 times smaller takes about ten times as many calls", async () => {
    const callsAt = async (tol: number) => {
      const { f, calls } = counted(circle);
      await dopri5(f, Float64Array.of(1, 0), [0, 20], { atol: tol, rtol: tol });
      return calls();
    };
    const ratio = (await callsAt(1e-10)) / (await callsAt(1e-5));
    expect(ratio).toBeGreaterThan(7);
    expect(ratio).toBeLessThan(13);
  });

  test("is exact where the solution is a polynomial of degree four, and then takes long steps", async () => {
    const { f, calls } = counted(async (t) => Float64Array.of(4 * t ** 3));
    const [, middle, end] = await dopri5(f, Float64Array.of(0), [0, 1, 2], tolerance);
    expect(middle![0]).toBeCloseTo(1, 10);
    expect(end![0]).toBeCloseTo(16, 9);
    expect(calls()).toBeLessThan(80);
  });

  test("shortens its steps where the solution bends sharply", async () => {
    const spike = (t: number) => 1e-3 / ((t - 0.5) ** 2 + 1e-6);
    const { f, times } = counted(async (t) => Float64Array.of(spike(t)));
    const [, end] = await dopri5(f, Float64Array.of(0), [0, 1], { atol: 1e-6, rtol: 1e-6 });
    expect(end![0]).toBeCloseTo(2 * Math.atan(0.5 / 1e-3), 4);
    expect(times.filter((t) => Math.abs(t - 0.5) < 0.05).length).toBeGreaterThan(times.length / 2);
  });
});

test("dopri5 stops where no step is short enough", async () => {
  const square: Derivative = async (_, x) => x.map((v) => v * v);
  await expect(dopri5(square, Float64Array.of(1), [0, 2], tolerance)).rejects.toThrow(/dopri5 stops at time (0\.9|1)/);
  const broken: Derivative = async (time, x) => x.map(() => (time > 0.5 ? Number.NaN : 1));
  await expect(dopri5(broken, Float64Array.of(1), [0, 2], tolerance)).rejects.toThrow("no step is short enough");
});
