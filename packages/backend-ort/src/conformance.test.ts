import { testBackend } from "@dit/testkit";
import { ort } from "./backend";

testBackend("onnxruntime, cpu", () => ort({ provider: "cpu" }), { tolerance: 1e-5 });
