import { expect, test } from "vitest";
import { nodesOf } from "../ir/graph";
import { verify } from "../ir/verify";
import { compute } from "../run/reference/compute";
import { f32 } from "../trace/signature";
import { trace } from "../trace/trace";
import { accurateSines } from "./accurateSines";

test("accurateSines agree with Math.sin and Math.cos to 1e-7, up to a thousand radians", () => {
  const x = Float32Array.from({ length: 2001 }, (_, i) => (i < 1001 ? (i - 500) / 50 : 1.999 * (i - 1501)));
  const accurate = accurateSines(trace("sines", { x: f32([x.length]) }, ({ x }) => ({ sin: x.sin(), cos: x.cos() })));
  verify(accurate);
  expect(nodesOf(accurate).some(({ op }) => op === "sin" || op === "cos")).toBe(false);
  const outputs = accurate.outputs.map(({ tensor }) => tensor);
  const [sin, cos] = compute(outputs, new Map([[accurate.inputs[0]!.tensor, [...x]]]));
  for (const [i, angle] of x.entries()) {
    expect(Math.abs(sin![i]! - Math.sin(angle))).toBeLessThan(1e-7);
    expect(Math.abs(cos![i]! - Math.cos(angle))).toBeLessThan(1e-7);
  }
});
