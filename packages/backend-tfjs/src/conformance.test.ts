import { testBackend } from "@dit/testkit";
import { tfjs } from "./backend";

testBackend("TensorFlow.js, cpu", () => tfjs({ device: "cpu" }), { tolerance: 1e-5 });
testBackend("TensorFlow.js, wasm", () => tfjs({ device: "wasm" }), { tolerance: 1e-5 });
