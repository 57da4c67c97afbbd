import { expect, test } from "vitest";
import { samplerRow } from "../define/sample/table";
import { samplingCalls, stepsOf } from "./samplingCalls";

const rows = (starts: readonly number[]) => starts.map((starts, timestep) => samplerRow({ starts, timestep }));
const single = rows([1, 1, 1, 1, 1, 1, 1]);
const double = rows([1, 0, 1, 0, 1, 0, 1]);
const brief = (...args: Parameters<typeof samplingCalls>) =>
  samplingCalls(...args).map(({ first, count, isGuided, stepsDone }) => [first, count, isGuided, stepsDone]);
const always = () => true;

test("a run is cut into calls of so many whole steps", () => {
  expect(brief(single, always, 3)).toEqual([
    [0, 3, true, 3],
    [3, 3, true, 6],
    [6, 1, true, 7],
  ]);
  expect(brief(double, always, 3)).toEqual([
    [0, 6, true, 3],
    [6, 1, true, 4],
  ]);
  expect([stepsOf(single), stepsOf(double)]).toEqual([7, 4]);
});

test("calls stop where someone wants to look", () => {
  expect(brief(single, always, 10, 2).map(([, , , done]) => done)).toEqual([2, 4, 6, 7]);
  expect(brief(double, always, 10, 1).map(([, , , done]) => done)).toEqual([1, 2, 3, 4]);
});

test("a call is guided or not as a whole, if need be from within a step", () => {
  expect(brief(single, ({ timestep }) => timestep >= 2 && timestep < 5, 10)).toEqual([
    [0, 2, false, 2],
    [2, 3, true, 5],
    [5, 2, false, 7],
  ]);
  expect(brief(double, ({ timestep }) => timestep >= 3, 10)).toEqual([
    [0, 3, false, 1],
    [3, 4, true, 4],
  ]);
});
