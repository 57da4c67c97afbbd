import { tfjs } from "@dit/backend-tfjs";
import { testBackend } from "@dit/testkit";

testBackend("TensorFlow.js, webgpu in a page", () => tfjs({ device: "webgpu" }), { tolerance: 1e-5 });
