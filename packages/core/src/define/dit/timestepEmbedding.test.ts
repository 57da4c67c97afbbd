import { describe, expect, test } from "vitest";
import { input } from "../../ir/create";
import { topologicalOrder } from "../../ir/graph";
import type { PrimitiveName } from "../../ir/ops";
import type { Tensor } from "../../ir/tensor";
import { compute } from "../../run/reference/compute";
import { kernels } from "../../run/reference/kernels";
import { newValue, type Value } from "../../run/reference/values";
import { timestepSinusoid } from "./timestepEmbedding";

/** The definition in float64: cosines, then sines, of t * 10000^(-i / half). */
function sinusoid(t: number, width: number): number[] {
  const half = Math.floor(width / 2);
  const angles = Array.from({ length: half }, (_, i) => t * Math.exp((-Math.log(10000) * i) / half));
  return [...angles.map(Math.cos), ...angles.map(Math.sin), ...(width % 2 === 1 ? [0] : [])];
}

/** Runs primitives as a device does that rounds every result to float32. */
function inFloat32(output: Tensor, given: ReadonlyMap<Tensor, Value>): Float64Array {
  const values = new Map<Tensor, Value>(given);
  for (const node of topologicalOrder([output])) {
    if (values.has(node)) continue;
    const kernel = kernels[node.op as PrimitiveName] as unknown as (node: Tensor, inputs: readonly Value[]) => Value;
    const { dtype, shape, data } = kernel(
      node,
      node.inputs.map((x) => values.get(x)!),
    );
    values.set(node, newValue(dtype, shape, data.map(Math.fround)));
  }
  return values.get(output)!.data;
}

function largestError(values: Float64Array, timesteps: readonly number[], width: number): number {
  const exact = timesteps.flatMap((t) => sinusoid(t, width));
  return exact.reduce((largest, value, i) => Math.max(largest, Math.abs(values[i]! - value)), 0);
}

describe("the timestep sinusoid", () => {
  const all = Array.from({ length: 1000 }, (_, t) => t);
  const t = input("t", { dtype: "f32", shape: [1000] });

  test("in float64 is right to 1e-6 at every integer timestep", () => {
    const [values] = compute([timestepSinusoid(t, 256)], new Map([[t, all]]));
    expect(largestError(values!, all, 256)).toBeLessThan(1e-6);
  });

  test("in float32 arithmetic is right to 1e-6 at every integer timestep", () => {
    const values = inFloat32(timestepSinusoid(t, 256), new Map([[t, newValue("f32", [1000], Float64Array.from(all))]]));
    expect(largestError(values, all, 256)).toBeLessThan(1e-6);
  });

  test("at fractional timesteps is as good as the plain float32 product", () => {
    const fractional = all.map((i) => Math.fround(i + 0.37));
    const values = inFloat32(
      timestepSinusoid(t, 256),
      new Map([[t, newValue("f32", [1000], Float64Array.from(fractional))]]),
    );
    expect(largestError(values, fractional, 256)).toBeLessThan(5e-5);
  });

  test("has one zero column where the width is odd", () => {
    const [values] = compute([timestepSinusoid(t.slice(0, 0, 2), 5)], new Map([[t, all]]));
    expect([...values!.slice(0, 5)]).toEqual([1, 1, 0, 0, 0]);
    expect(values![9]).toBe(0);
    expect(largestError(values!, [0, 1], 5)).toBeLessThan(1e-6);
  });
});
