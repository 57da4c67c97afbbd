import { ort } from "@dit/backend-ort";
import { testBackend, useSwiftShader } from "@dit/testkit";
import { describe, test, vi } from "vitest";

// SwiftShader takes a minute for what a GPU does in a second.
vi.setConfig({ testTimeout: 300_000 });
const problem = useSwiftShader();

if (problem === undefined) {
  testBackend("onnxruntime, webgpu in Node", () => ort({ provider: "webgpu" }), { tolerance: 1e-5 });
} else {
  describe("onnxruntime, webgpu in Node", () => test.skip(problem, () => {}));
}
