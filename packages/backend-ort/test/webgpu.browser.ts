import { ort } from "@dit/backend-ort";
import { testBackend } from "@dit/testkit";

testBackend("onnxruntime, webgpu in a page", () => ort({ provider: "webgpu" }), { tolerance: 1e-5 });
