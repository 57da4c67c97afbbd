import { ort } from "@dit/backend-ort";
import { testBackend } from "@dit/testkit";

testBackend("onnxruntime, wasm in a page", () => ort({ provider: "wasm" }), { tolerance: 1e-5 });
