import { type Backend, f32, hostF32, type ScanFeeds, trace, traceScan } from "@dit/core";
import { disposeAll } from "@dit/core/internal";
import * as core from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tfjs } from "./backend";

/** A step with a loss, its gradient by hand and an update: values that die young, a carry, an output. */
const descent = traceScan(
  "descent",
  { constants: { target: f32([8, 4]) }, carry: { w: f32([3, 4]) }, xs: { x: f32([8, 3]) } },
  ({ constants: { target }, carry: { w }, xs: { x } }) => {
    const error = x.matmul(w).sub(target);
    return { carry: { w: w.sub(x.matmul(error, { transposeA: true }).mul(0.01)) }, ys: { loss: error.square().sum() } };
  },
);
const target = hostF32([8, 4], new Float32Array(32).fill(1));
const w = hostF32([3, 4], new Float32Array(12).fill(0.5));
const xs = (steps: number) => ({ x: hostF32([steps, 8, 3], new Float32Array(steps * 24).fill(0.1)) });

describe.each(["cpu", "wasm"] as const)("tfjs's own count of what it holds on %s", (device) => {
  let backend: Backend;
  const held = () => ({ data: core.findBackend(device).numDataIds(), tensors: core.memory().numTensors });
  beforeAll(async () => {
    backend = await tfjs({ device });
  });
  afterAll(() => backend.dispose());

  test("is the same after step 2 and after step 1000", async () => {
    const executable = await backend.compileScan(descent, { constants: { target } });
    let { carry, ys } = await executable.run({ carry: { w }, xs: xs(2) });
    const after2 = held();
    for (let step = 2; step < 1000; step += 499) {
      disposeAll(ys);
      ({ carry, ys } = await executable.run({ carry, xs: xs(499) }));
    }
    expect(held()).toEqual(after2);
    expect((await ys.loss!.read()).data.at(-1)).toBeLessThan(20);
    disposeAll(carry);
    disposeAll(ys);
    await executable.dispose();
  });

  test("is what it was before, once everything is disposed of", async () => {
    const before = held();
    const executable = await backend.compileScan(descent, { constants: { target } });
    const { carry, ys } = await executable.run({ carry: { w }, xs: xs(3) });
    disposeAll(carry);
    disposeAll(ys);
    await executable.dispose();
    await executable.dispose();
    expect(held()).toEqual(before);
    await expect(executable.run({ carry: { w }, xs: xs(1) })).rejects.toThrow(
      "descent: this executable was disposed of",
    );
  });

  test("is what it was before a run that throws", async () => {
    const executable = await backend.compileScan(descent, { constants: { target } });
    const stale = await backend.upload(w);
    stale.dispose();
    const before = held();
    const feeds: ScanFeeds = { carry: { w: stale }, xs: xs(3) };
    await expect(executable.run(feeds)).rejects.toThrow("disposed of");
    expect(held()).toEqual(before);
    await executable.dispose();

    // An index that a table does not have is found by the kernel, in the middle of a run.
    const graph = trace("rows", { table: f32([3]), x: f32([1]) }, ({ table, x }) => ({
      y: table.mul(2).gather(x.cast("i32")).exp(),
    }));
    const rows = await backend.compile(graph);
    const between = held();
    const outside = { table: hostF32([3], [1, 2, 3]), x: hostF32([1], [3]) };
    await expect(rows.run(outside)).rejects.toThrow(/TensorFlow\.js failed in rows: gather: .*3 is not in \[0, 2\]/);
    expect(held()).toEqual(between);
    await rows.dispose();
  });

  test("falls by all that the backend still holds when it is disposed of", async () => {
    const other = await tfjs({ device });
    const before = held();
    await other.upload(w);
    expect(held().data).toBe(before.data + 1);
    const graph = trace("scaled", { x: f32([3]), by: f32([3]) }, ({ x, by }) => ({ y: x.mul(by) }));
    const executable = await other.compile(graph, { constants: { by: hostF32([3], [1, 2, 3]) } });
    expect(held().data).toBeGreaterThan(before.data + 1);
    await other.dispose();
    expect(held()).toEqual(before);
    await expect(executable.run({ x: hostF32([3], [1, 1, 1]) })).rejects.toThrow(
      "scaled: this executable was disposed of",
    );
    await executable.dispose();
    await expect(other.compile(graph)).rejects.toThrow("scaled: the backend was disposed of");
    await expect(other.compileScan(descent)).rejects.toThrow("descent: the backend was disposed of");
    await expect(other.upload(w)).rejects.toThrow("the backend was disposed of");
    expect(held()).toEqual(before);
  });

  test("is what it was before a scan that the backend's end overtakes", async () => {
    const other = await tfjs({ device });
    const before = held();
    const executable = await other.compileScan(descent, { constants: { target } });
    const running = executable.run({ carry: { w }, xs: xs(1) });
    // Disposed of while the step's pause lasts: the outputs are still stacked, and then nobody's.
    setImmediate(() => other.dispose());
    await expect(running).rejects.toThrow("the backend was disposed of");
    expect(held()).toEqual(before);
    expect(other.memory().liveTensors).toBe(0);
  });
});
