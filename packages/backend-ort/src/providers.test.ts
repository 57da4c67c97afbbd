import { ConfigError, castPrecision, DitError, f32, hostF32, MissingPackageError, trace } from "@dit/core";
import { useSwiftShader } from "@dit/testkit";
import { describe, expect, test } from "vitest";
import { ort } from "./backend";
import { node } from "./platform/node";
import type { OrtProvider } from "./provider";
import { Sessions } from "./sessions";

test("an unknown provider is answered with those of this platform", async () => {
  for (const provider of ["wasm", "cudnn"]) {
    const opening = ort({ provider: provider as OrtProvider });
    await expect(opening).rejects.toThrow(ConfigError);
    await expect(opening).rejects.toThrow(
      `there is no onnxruntime provider "${provider}" here (providers: cpu, cuda, webgpu)`,
    );
  }
});

test("integer weights are refused where they have no kernels", async () => {
  await expect(ort({ provider: "webgpu", weights: "int8" })).rejects.toThrow(
    "weights of int8 are for the processor, not for webgpu",
  );
});

// On a machine with NVIDIA's libraries and onnxruntime's own for CUDA it would open.
test.runIf(process.platform === "linux" && process.arch === "x64")(
  "cuda opens, or names the command that brings it",
  async () => {
    const failure = await ort({ provider: "cuda" }).then(
      (backend) => backend.dispose(),
      (error: unknown) => error,
    );
    if (failure === undefined) return;
    expect(failure).toBeInstanceOf(DitError);
    if (failure instanceof MissingPackageError) {
      expect(failure.install).toMatch(
        /^node .*onnxruntime-node\/script\/install\.js --onnxruntime-node-install=cuda12$/,
      );
    } else expect((failure as DitError).message).toMatch(/cuda does not start here: .*CUDA 12 and cuDNN 9/);
  },
);

const problem = useSwiftShader();

describe.skipIf(problem !== undefined)(`webgpu${problem === undefined ? "" : ` (${problem})`}`, () => {
  test("computes and keeps what it computed in the GPU's memory", async () => {
    const backend = await ort({ provider: "webgpu" });
    const graph = trace("product", { x: f32([2, 2]) }, ({ x }) => ({ y: x.matmul(x) }));
    const executable = await backend.compile(graph);
    const once = await executable.run({ x: hostF32([2, 2], [1, 2, 3, 4]) });
    const twice = await executable.run({ x: once.y! });
    expect([...(await twice.y!.read()).data]).toEqual([199, 290, 435, 634]);
    expect(backend.capabilities.scanStaysOnDevice).toBe(false);
    await backend.dispose();
  });

  test("refuses half precision on a device without it, and says that it is the device", async () => {
    const backend = await ort({ provider: "webgpu" });
    const graph = trace("network", { x: f32([2, 2]) }, ({ x }) => ({ y: x.matmul(x) }));
    await expect(backend.compile(castPrecision(graph, "f16"))).rejects.toThrow(
      "network: ort-webgpu, on a device without half precision (shader-f16), does not compute in f16",
    );
    await backend.dispose();
  });

  test("refuses what it has no kernel for, instead of computing it on the processor", async () => {
    const settings = {
      provider: "webgpu",
      threads: undefined,
      inlineBytes: 2 ** 30,
      memory: "gpu-buffer",
      profile: undefined,
    } as const;
    const sessions = new Sessions(await node.load("webgpu", undefined), settings);
    const port = (name: string) => ({ name, elementType: "float32" as const, shape: [2] });
    const nodes = [{ opType: "Sin", inputs: ["x"], outputs: ["y"] }];
    const graph = { name: "sine", nodes, inputs: [port("x")], outputs: [port("y")] };
    // Its sine is registered for operator set 7, which a newer one has replaced in set 22.
    await (await sessions.open({ irVersion: 8, opsets: { "": 18 }, graph })).close();
    await expect(sessions.open({ irVersion: 10, opsets: { "": 22 }, graph })).rejects.toThrow(
      /^onnxruntime refused sine: .*CPU.*nothing falls back in silence/,
    );
    await sessions.dispose();
  });
});
