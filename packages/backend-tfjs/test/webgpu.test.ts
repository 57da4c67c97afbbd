import { tfjs } from "@dit/backend-tfjs";
import { testBackend, useSwiftShader } from "@dit/testkit";
import { describe, test, vi } from "vitest";

// SwiftShader takes a minute for what a GPU does in a second.
vi.setConfig({ testTimeout: 300_000 });
const problem = useSwiftShader();

if (problem === undefined) {
  testBackend("TensorFlow.js, webgpu in Node", () => tfjs({ device: "webgpu" }), { tolerance: 1e-5 });
} else {
  describe("TensorFlow.js, webgpu in Node", () => test.skip(problem, () => {}));
}
