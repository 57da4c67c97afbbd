import { describe, expect, test } from "vitest";
import { input } from "../../ir/create";
import { compute } from "../../run/reference/compute";
import { nextLossScale } from "./lossScale";

const [scale, streak] = ["scale", "streak"].map((name) => input(name, { dtype: "f32", shape: [] })) as never[];
const finite = input("finite", { dtype: "bool", shape: [] });
const next = nextLossScale({ scale: scale!, streak: streak! }, finite);

function after(from: number, steps: number, isGood: boolean): number[] {
  const given = new Map([
    [scale!, [from]],
    [streak!, [steps]],
    [finite, [isGood ? 1 : 0]],
  ]);
  return compute([next.scale, next.streak], given as never).map(([value]) => value!);
}

describe("the loss scale", () => {
  test("stays while it has not held for long, and counts", () => {
    expect(after(65536, 0, true)).toEqual([65536, 1]);
    expect(after(65536, 1998, true)).toEqual([65536, 1999]);
  });

  test("doubles after 2000 steps, and counts anew", () => {
    expect(after(65536, 1999, true)).toEqual([131072, 0]);
  });

  test("halves at an overflow, down to 1", () => {
    expect(after(65536, 1999, false)).toEqual([32768, 0]);
    expect(after(1.5, 3, false)).toEqual([1, 0]);
  });
});
