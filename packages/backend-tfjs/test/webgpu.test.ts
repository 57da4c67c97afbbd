import { tfjs } from "@dit/backend-tfjs";
import { f32, hostF32, normal, reference, softmax, trace } from "@dit/core";
import { testBackend, useSwiftShader } from "@dit/testkit";
import { describe, expect, test, vi } from "vitest";

// SwiftShader takes a minute for what a GPU does in a second.
vi.setConfig({ testTimeout: 300_000 });
const problem = useSwiftShader();

if (problem === undefined) {
  testBackend("TensorFlow.js, webgpu in Node", () => tfjs({ device: "webgpu" }), { tolerance: 1e-5 });

  // What is small there has kernels of ours, what is large tfjs's; most of the suite is small.
  test.each([
    [128, 64],
    [129, 64],
    [132, 68],
    // Few numbers, each a longer sum than our kernels take.
    [8, 1028],
  ])("products of %i by %i numbers, each way round, and a softmax of them, are the reference's", async (m, k) => {
    const random = (stream: string, shape: readonly [number, number]) =>
      hostF32(shape, normal({ seed: 0, stream, step: 0, sample: 0 }, shape[0] * shape[1]));
    const feeds = { a: random("a", [m, k]), b: random("b", [k, m]) };
    const graph = trace("products", { a: f32([m, k]), b: f32([k, m]) }, ({ a, b }) => ({
      plain: a.matmul(b),
      right: a.matmul(a, { transposeB: true }),
      left: b.matmul(b, { transposeA: true }),
      both: b.matmul(a, { transposeA: true, transposeB: true }),
      probabilities: softmax(a),
    }));
    const [backend, oracle] = [await tfjs({ device: "webgpu" }), reference()];
    const actual = await (await backend.compile(graph)).run(feeds);
    const expected = await (await oracle.compile(graph)).run(feeds);
    for (const [name, tensor] of Object.entries(expected)) {
      const values = Array.from((await tensor.read()).data);
      const { data } = await actual[name]!.read();
      const scale = Math.max(...values.map(Math.abs));
      const error = Math.max(...values.map((x, i) => Math.abs(x - data[i]!)));
      expect(error / scale, name).toBeLessThan(1e-5);
    }
    await backend.dispose();
  });
} else {
  describe("TensorFlow.js, webgpu in Node", () => test.skip(problem, () => {}));
}
