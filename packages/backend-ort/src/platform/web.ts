import { DitError, MissingPackageError } from "@dit/core";
import { Queue } from "@dit/core/internal";
import type { Env } from "onnxruntime-common";
import { isMissing, type Platform, type Runtime } from "./platform";

type Module = Omit<Runtime, "queue" | "threads"> & { readonly env: Env };
type WebProvider = "wasm" | "webgpu";

/** Each is a WebAssembly module of its own. The names are literal, for bundlers. */
const modules: { readonly [P in WebProvider]: { load(): Promise<Module>; readonly queue: Queue } } = {
  wasm: { load: () => import("onnxruntime-web/wasm"), queue: new Queue() },
  webgpu: { load: () => import("onnxruntime-web/webgpu"), queue: new Queue() },
};

/** onnxruntime-web, in pages and workers. */
export const web: Platform = {
  providers: ["wasm", "webgpu"],
  async load(provider, threads) {
    const { load, queue } = modules[provider as WebProvider];
    if (provider === "webgpu" && (globalThis.navigator as { gpu?: unknown } | undefined)?.gpu === undefined) {
      throw new DitError(`this browser has no WebGPU: ${web.remedy("webgpu")}`);
    }
    const { InferenceSession, Tensor, env } = await loaded(load);
    // Read when the first session starts. Threads share memory, which a page may only do when it is isolated.
    env.wasm.numThreads = globalThis.crossOriginIsolated ? (threads ?? globalThis.navigator.hardwareConcurrency) : 1;
    return { InferenceSession, Tensor, queue, threads: env.wasm.numThreads };
  },
  remedy: (provider) =>
    provider === "webgpu"
      ? "take a browser that has it, over HTTPS or from localhost, with hardware acceleration switched on"
      : "let the server hand out onnxruntime-web's .wasm files, as application/wasm",
};

async function loaded(load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch (cause) {
    if (isMissing(cause)) throw new MissingPackageError("onnxruntime-web", "npm install onnxruntime-web", { cause });
    throw new DitError(`onnxruntime-web does not load: ${(cause as Error).message}`, { cause });
  }
}
