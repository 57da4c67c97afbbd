import { DitError, MissingPackageError } from "@dit/core";
import { Queue } from "@dit/core/internal";
import type { OrtProvider } from "../provider";
import { writeTemporary } from "../temporaryFiles";
import { isMissing, type Platform, type Runtime } from "./platform";

const queue = new Queue();

/** onnxruntime-node. It computes on the thread that asks, so that a run is over when the next one begins. */
export const node: Platform = {
  providers: ["cpu", "cuda", "webgpu"],
  async load(provider, threads) {
    const runtime = await loadOnnxruntimeNode();
    if (provider === "cuda") await requireCudaLibrary();
    const { availableParallelism } = await import("node:os");
    return { ...runtime, queue, threads: threads ?? availableParallelism() };
  },
  remedy: (provider) => remedies[provider],
  writeTemporary,
};

const remedies: Readonly<Record<OrtProvider, string>> = {
  cpu: "reinstall onnxruntime-node",
  wasm: "open it in a browser",
  cuda:
    "install NVIDIA's driver, the libraries of CUDA 12 and cuDNN 9, and let LD_LIBRARY_PATH lead to them" +
    " (nvidia-smi shows whether there is a GPU)",
  webgpu:
    "install the GPU's driver (Vulkan on Linux: apt install mesa-vulkan-drivers, or NVIDIA's own), or let VK_DRIVER_FILES" +
    " name its .json file",
};

type Loaded = Omit<Runtime, "queue" | "threads">;

async function loadOnnxruntimeNode(): Promise<Loaded> {
  try {
    // Named through a variable so that bundlers of browser code leave the optional package alone.
    const name = "onnxruntime-node";
    const loaded = (await import(/* @vite-ignore */ name)) as Loaded & { default?: Loaded };
    return loaded.default ?? loaded;
  } catch (cause) {
    if (isMissing(cause)) throw new MissingPackageError("onnxruntime-node", "npm install onnxruntime-node", { cause });
    throw new DitError(`onnxruntime-node is installed but does not load: ${(cause as Error).message}`, { cause });
  }
}

/** The provider's library is no part of the package: its install script fetches it, where that is let run. */
async function requireCudaLibrary(): Promise<void> {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new DitError(
      `onnxruntime-node has CUDA on Linux x64 alone, and this is ${process.platform} ${process.arch}; webgpu runs on its GPU`,
    );
  }
  const { existsSync, readFileSync } = await import("node:fs");
  const folder = /(\/\S*)\/bin\/napi-v\d+\/linux\/x64\/libonnxruntime\.so/.exec(
    readFileSync("/proc/self/maps", "utf8"),
  );
  if (folder === null || existsSync(`${folder[0].replace(/[^/]*$/, "")}libonnxruntime_providers_cuda.so`)) return;
  throw new MissingPackageError(
    "onnxruntime's CUDA provider",
    `node ${folder[1]}/script/install.js --onnxruntime-node-install=cuda12`,
  );
}
