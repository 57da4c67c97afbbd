import {
  ConfigError,
  constantF32,
  type DeviceTensor,
  f32,
  hostF32,
  trace,
  traceScan,
  UnsupportedError,
} from "@dit/core";
import { describe, expect, test } from "vitest";
import { tfjs } from "./backend";

describe("tfjs", () => {
  // The first here to open wasm, which is ready at once when it has been opened before.
  test("opens devices that are asked for at once", async () => {
    const backends = await Promise.all((["wasm", "cpu", "wasm"] as const).map((device) => tfjs({ device })));
    expect(backends.map(({ name }) => name)).toEqual(["tfjs-wasm", "tfjs-cpu", "tfjs-wasm"]);
    for (const backend of backends) await backend.dispose();
  });

  test("lists this platform's devices when one is unknown", async () => {
    for (const device of ["cuda", "webgl"]) {
      const opening = tfjs({ device: device as "cpu" });
      await expect(opening).rejects.toThrow(ConfigError);
      await expect(opening).rejects.toThrow(
        `there is no TensorFlow.js device "${device}" here (devices: cpu, wasm, webgpu)`,
      );
    }
  });

  test("refuses half precision and says what to take instead", async () => {
    await expect(tfjs({ precision: "f16" as "f32" })).rejects.toThrow(
      'TensorFlow.js has no f16: set the precision to "f32", or take another backend (such as "ort")',
    );
  });

  test("names all that a graph asks for in vain, before anything runs", async () => {
    const backend = await tfjs({ device: "cpu" });
    const graph = trace("halves", { x: f32([2]) }, ({ x }) => ({
      a: x.cast("f16").add(x.cast("f16")).cast("f32"),
      b: x.cast("bf16").cast("f32"),
    }));
    const compiling = backend.compile(graph);
    await expect(compiling).rejects.toThrow(UnsupportedError);
    await expect(compiling).rejects.toThrow(
      "halves: TensorFlow.js does not compute in f16 (first in cast), bf16 (first in cast); it does in f32, i32, bool",
    );
    await backend.dispose();
  });

  test.each(["cpu", "wasm"] as const)(
    "takes what is no number for the maximum and the minimum on %s",
    async (device) => {
      const backend = await tfjs({ device });
      const graph = trace("extremes", { x: f32([2, 3]), row: f32([3]) }, ({ x, row }) => ({
        constantFirst: constantF32([], [0]).max(x),
        constantSecond: x.min(0),
        max: x.max(row),
        min: row.min(x),
      }));
      const executable = await backend.compile(graph);
      const x = hostF32([2, 3], [Number.NaN, 1, -2, 3, -4, 5]);
      const outputs = await executable.run({ x, row: hostF32([3], [0, 0, Number.NaN]) });
      const { constantFirst, constantSecond, max, min } = outputs;
      const valuesOf = async (tensor: DeviceTensor) => [...(await tensor.read()).data];
      expect(await valuesOf(constantFirst!)).toEqual([Number.NaN, 1, 0, 3, 0, 5]);
      expect(await valuesOf(constantSecond!)).toEqual([Number.NaN, 0, -2, 0, -4, 0]);
      expect(await valuesOf(max!)).toEqual([Number.NaN, 1, Number.NaN, 3, 0, Number.NaN]);
      expect(await valuesOf(min!)).toEqual([Number.NaN, 0, Number.NaN, 0, -4, Number.NaN]);
      await backend.dispose();
    },
  );

  test("lets signals and timers in between the steps of a scan", async () => {
    const backend = await tfjs({ device: "cpu" });
    const signature = { constants: {}, carry: { sum: f32([]) }, xs: { x: f32([]) } };
    const scan = traceScan("sum", signature, ({ carry, xs }) => ({ carry: { sum: carry.sum.add(xs.x) }, ys: {} }));
    const executable = await backend.compileScan(scan);
    let turns = 0;
    const counter = setInterval(() => turns++, 0);
    await executable.run({ carry: { sum: hostF32([], [0]) }, xs: { x: hostF32([500], new Float32Array(500)) } });
    clearInterval(counter);
    expect(turns).toBeGreaterThan(1);
    await executable.dispose();
    await backend.dispose();
  });
});
