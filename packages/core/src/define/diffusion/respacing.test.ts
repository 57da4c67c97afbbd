import { describe, expect, test } from "vitest";
import { ConfigError } from "../../ir/errors";
import { respace } from "./respacing";

const kept = (steps: number, spec: string) => [...respace(steps, spec)];

describe("respace", () => {
  test("keeps everything for the empty string and for all", () => {
    const all = Array.from({ length: 1000 }, (_, i) => i);
    expect(kept(1000, "")).toEqual(all);
    expect(kept(1000, "1000")).toEqual(all);
  });

  test("ddimN goes by an integer stride from 0", () => {
    expect(kept(1000, "ddim50")).toEqual(Array.from({ length: 50 }, (_, i) => 20 * i));
    expect(kept(1000, "ddim30")).toEqual(Array.from({ length: 30 }, (_, i) => 34 * i));
    expect(kept(10, "ddim10")).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test("a count keeps the first and the last step", () => {
    const steps = kept(1000, "250");
    expect(steps).toHaveLength(250);
    expect([steps[0], steps.at(-1)]).toEqual([0, 999]);
    expect(kept(10, "4")).toEqual([0, 3, 6, 9]);
  });

  test("positions round half to even", () => {
    expect(kept(6, "3")).toEqual([0, 2, 5]);
    expect(kept(8, "3")).toEqual([0, 4, 7]);
    expect(kept(10, "7")).toEqual([0, 2, 3, 4, 6, 8, 9]);
  });

  test("sections share the steps, the remainder going to the first ones", () => {
    const steps = kept(1000, "10,15,20");
    expect(steps).toHaveLength(45);
    expect([steps[0], steps[9], steps[10], steps[24], steps[25], steps[44]]).toEqual([0, 333, 334, 666, 667, 999]);
    expect(kept(10, "1,1,2")).toEqual([0, 4, 7, 9]);
    expect(kept(9, "2,0,1")).toEqual([0, 2, 6]);
  });

  test.each([
    ["ddim300", "cannot create exactly 300 of 1000 steps with an integer stride"],
    ["600,2", "cannot divide section of 500 steps into 600"],
    ["1001", "cannot divide section of 1000 steps into 1001"],
    ["0", 'respacing "0": write a count'],
    ["0,0", 'respacing "0,0": write a count'],
    ["2.5", 'respacing "2.5": write a count'],
    ["fast", 'respacing "fast": write a count'],
    ["10,,20", 'respacing "10,,20": write a count'],
    ["-3", 'respacing "-3": write a count'],
  ])("refuses %s", (spec, message) => {
    expect(() => respace(1000, spec)).toThrow(ConfigError);
    expect(() => respace(1000, spec)).toThrow(message);
  });
});
