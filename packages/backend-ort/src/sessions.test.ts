import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  bindParams,
  dit,
  ditConfig,
  ditSpec,
  f32,
  hostF32,
  hostI32,
  i32,
  lazyTensor,
  paramTypes,
  trace,
} from "@dit/core";
import { disposeAll, paramsOf } from "@dit/core/internal";
import { formulaInput, formulaParameter } from "@dit/testkit";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ort } from "./backend";

const config = ditConfig(undefined, { inputSize: [8, 8], hiddenSize: 64, depth: 2, heads: 4, numClasses: 5 });
const spec = ditSpec(config);
const signature = { params: paramTypes(spec).all, x: f32([2, 4, 8, 8]), t: f32([2]), y: i32([2]) };
const graph = trace("forward", signature, ({ params, x, t, y }) => ({
  output: dit(bindParams(spec, params), x, t, y, config),
}));
const feeds = { x: formulaInput("x", [2, 4, 8, 8]), t: hostF32([2], [3, 700]), y: hostI32([2], [0, 4]) };
const bytes = 4 * Object.values(paramsOf(spec)).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);

/** Weights that are made when they are asked for, and how many are asked for at a time. */
function lazyWeights() {
  let loads = 0;
  const constants = Object.fromEntries(
    Object.entries(paramsOf(spec)).map(([name, { shape }]) => [
      `params.${name}`,
      lazyTensor("f32", shape, () => {
        loads++;
        return formulaParameter(name, shape).data;
      }),
    ]),
  );
  return { constants, loads: () => loads };
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sessions-"));
  for (const name of ["TMPDIR", "TEMP"]) vi.stubEnv(name, folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** Our own: onnxruntime keeps a log of its own there. */
const filesLeft = () => readdirSync(folder).filter((name) => name.startsWith("dit-"));

async function outputOf(inlineBytes: number): Promise<Float32Array> {
  const backend = await ort({ inlineBytes });
  const executable = await backend.compile(graph, { constants: lazyWeights().constants });
  // The files go when the session has mapped them: a process that is killed leaves nothing.
  if (process.platform !== "win32") expect(filesLeft()).toEqual([]);
  const { output } = await executable.run(feeds);
  const { data } = await output!.read();
  await executable.dispose();
  await backend.dispose();
  expect(filesLeft()).toEqual([]);
  return data as Float32Array;
}

describe("constants that onnxruntime maps from a file", () => {
  test("give what constants in memory give, bit for bit", async () => {
    expect(await outputOf(bytes / 2)).toEqual(await outputOf(2 * bytes));
  });

  test("are not loaded before they are written, and checked by their types", async () => {
    const backend = await ort({ inlineBytes: 0 });
    const { constants, loads } = lazyWeights();
    const wrong = { ...constants, "params.pos_embed": hostF32([1], [0]) };
    await expect(backend.compile(graph, { constants: wrong })).rejects.toThrow("params.pos_embed must be");
    expect(loads()).toBe(0);
    await backend.dispose();
  });

  test("take away what a killed process left, and leave a living one's files", async () => {
    const [dead, alive] = [`dit-ort-${2 ** 30}-abc`, `dit-ort-${process.pid}-abc`];
    for (const name of [dead, alive]) mkdirSync(join(folder, name));
    const backend = await ort({ inlineBytes: 0 });
    await (await backend.compile(graph, { constants: lazyWeights().constants })).dispose();
    expect(filesLeft()).toEqual([alive]);
    await backend.dispose();
  });

  test("that cannot be written are an error that says where the file was to go", async () => {
    vi.stubEnv("TMPDIR", join(folder, "missing"));
    const backend = await ort({ inlineBytes: 0 });
    await expect(backend.compile(graph, { constants: lazyWeights().constants })).rejects.toThrow(/TMPDIR/);
    await backend.dispose();
  });
});

describe("a backend that is disposed of", () => {
  test("closes what is still compiled", async () => {
    const backend = await ort();
    const bound = await backend.compile(graph, { constants: lazyWeights().constants });
    const twice = trace("twice", { x: f32([2]) }, ({ x }) => ({ y: x.mul(2) }));
    const kept = await backend.compile(twice);
    await backend.dispose();
    await expect(bound.run(feeds)).rejects.toThrow("forward: this executable was disposed of");
    await expect(kept.run({ x: hostF32([2], [1, 2]) })).rejects.toThrow("twice: this executable was disposed of");
    await bound.dispose();
    await kept.dispose();
    await expect(backend.compile(twice)).rejects.toThrow("twice: the backend was disposed of");
  });

  test("closes what is being compiled", async () => {
    const backend = await ort();
    const compiling = backend.compile(graph, { constants: lazyWeights().constants });
    await Promise.all([expect(compiling).rejects.toThrow("forward: the backend was disposed of"), backend.dispose()]);
  });

  test("has written a profile for each, with the model's paths", async () => {
    const backend = await ort({ profile: join(folder, "run") });
    const executable = await backend.compile(graph, { constants: lazyWeights().constants });
    disposeAll(await executable.run(feeds));
    await (await backend.compile(trace("two rows", { x: f32([2, 3]) }, ({ x }) => ({ y: x.sum([1]) })))).dispose();
    await backend.dispose();
    const files = readdirSync(folder)
      .filter((name) => name.endsWith(".json"))
      .sort();
    expect(files).toEqual([
      expect.stringMatching(/^run-0-forward_.*\.json$/),
      expect.stringMatching(/^run-1-two-rows_/),
    ]);
    const events: readonly { name: string }[] = JSON.parse(readFileSync(join(folder, files[0]!), "utf8"));
    expect(events.some(({ name }) => /^blocks\.1\.mlp\.fc1\/.*_kernel_time$/.test(name))).toBe(true);
  });
});
