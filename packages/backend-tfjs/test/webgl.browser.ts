import { tfjs } from "@dit/backend-tfjs";
import { testBackend } from "@dit/testkit";

testBackend("TensorFlow.js, webgl in a page", () => tfjs({ device: "webgl" }), { tolerance: 1e-5 });
