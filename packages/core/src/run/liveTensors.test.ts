import { expect, test } from "vitest";

import { hostF32 } from "../ir/hostTensor";
import { f32 } from "../trace/signature";
import { traceScan } from "../trace/trace";
import { LiveTensors } from "./liveTensors";

const scan = traceScan(
  "sum",
  { constants: {}, carry: { sum: f32([]) }, xs: { x: f32([2]) } },
  ({ carry: { sum }, xs: { x } }) => ({ carry: { sum: sum.add(x.sum()) }, ys: { x } }),
);

test("what comes after a backend's end is freed and refused", () => {
  const freed: string[] = [];
  const tensors = new LiveTensors<string>({
    read: async () => hostF32([], [0]).data,
    free: (value) => freed.push(value),
  });
  const { carry, ys } = tensors.wrapScan(scan, { carry: ["carry"], ys: ["ys"] }, 3);
  expect(carry.sum!.shape).toEqual([]);
  expect(ys.x!.shape).toEqual([3, 2]);
  tensors.disposeAll();
  expect(freed.splice(0)).toEqual(["carry", "ys"]);

  const end = "the backend was disposed of";
  expect(() => tensors.wrap("f32", [], "uploaded")).toThrow(end);
  expect(() => tensors.wrapAll(scan.ys, ["output"])).toThrow(end);
  expect(() => tensors.wrapScan(scan, { carry: ["late carry"], ys: ["late ys"] }, 3)).toThrow(end);
  expect(freed).toEqual(["uploaded", "output", "late carry", "late ys"]);
  expect(tensors.memory()).toEqual({ liveTensors: 0, liveBytes: 0 });
});
