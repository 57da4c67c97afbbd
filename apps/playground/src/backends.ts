/// <reference types="vite/client" />
import { ort } from "@dit/backend-ort";
import { tfjs } from "@dit/backend-tfjs";
import type { Backend } from "@dit/core";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import plain from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url";
import simd from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import threadedSimd from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url";

// onnxruntime-web finds its WebAssembly beside itself; TensorFlow.js has to be told where the bundler puts it.
setWasmPaths({
  "tfjs-backend-wasm.wasm": plain,
  "tfjs-backend-wasm-simd.wasm": simd,
  "tfjs-backend-wasm-threaded-simd.wasm": threadedSimd,
});

/** Everything that runs a DiT in a page. */
export const backends: Readonly<Record<string, () => Promise<Backend>>> = {
  "ort wasm": () => ort({ provider: "wasm" }),
  "ort webgpu": () => ort({ provider: "webgpu" }),
  "tfjs wasm": () => tfjs({ device: "wasm" }),
  "tfjs webgl": () => tfjs({ device: "webgl" }),
  "tfjs webgpu": () => tfjs({ device: "webgpu" }),
};
