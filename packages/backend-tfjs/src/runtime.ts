import { DitError, MissingPackageError } from "@dit/core";
import { Queue } from "@dit/core/internal";
import type { KernelBackend, KernelFunc } from "@tensorflow/tfjs-core";
import type { TfjsDevice } from "./devices";
import { isNode } from "./devices";
import { provideGpu } from "./nodeGpu";

/** One of TensorFlow.js's devices, ready to run kernels. */
export interface Device {
  readonly name: TfjsDevice;
  /** What holds its memory. There is one for each device in a program, which everybody shares. */
  readonly backend: KernelBackend;
  /** @throws DitError when the device lacks it */
  kernel(name: string): KernelFunc;
}

type Core = typeof import("@tensorflow/tfjs-core");

/** tfjs's engine gives a device up, without a reason, when another is chosen before it is ready. */
const starts = new Queue();

/**
 * Each device is a package of its own, which registers itself when it is loaded. The names are literal, for bundlers; a
 * package that is not installed is missed only when its device is asked for.
 */
const packages: { readonly [D in TfjsDevice]: { readonly name: string; load(): Promise<unknown> } } = {
  cpu: { name: "@tensorflow/tfjs-backend-cpu", load: () => import("@tensorflow/tfjs-backend-cpu") },
  wasm: { name: "@tensorflow/tfjs-backend-wasm", load: () => import("@tensorflow/tfjs-backend-wasm") },
  webgl: { name: "@tensorflow/tfjs-backend-webgl", load: () => import("@tensorflow/tfjs-backend-webgl") },
  webgpu: { name: "@tensorflow/tfjs-backend-webgpu", load: () => import("@tensorflow/tfjs-backend-webgpu") },
};

/**
 * Loads TensorFlow.js and one of its devices. Whatever device the program has chosen for its own use of tfjs stays chosen.
 * @throws MissingPackageError when a package is not installed, DitError when the device does not start here
 */
export async function openDevice(name: TfjsDevice): Promise<Device> {
  const install = `npm install @tensorflow/tfjs-core ${packages[name].name}${isNode && name === "webgpu" ? " webgpu" : ""}`;
  const core = await loaded("@tensorflow/tfjs-core", install, () => import("@tensorflow/tfjs-core"));
  if (isNode && name === "webgpu") await loaded("webgpu", install, provideGpu);
  await loaded(packages[name].name, install, packages[name].load);
  const backend = await starts.add(() => start(core, name));
  return {
    name,
    backend,
    kernel: (kernelName) => {
      const kernel = core.getKernel(kernelName, name);
      if (kernel === undefined) throw new DitError(`TensorFlow.js has no kernel ${kernelName} on ${name}`);
      return kernel.kernelFunc;
    },
  };
}

async function loaded<T>(name: string, install: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    if (cause instanceof DitError) throw cause;
    if (isMissing(cause)) throw new MissingPackageError(name, install, { cause });
    throw new DitError(`${name} is installed but does not load: ${(cause as Error).message}`, { cause });
  }
}

function isMissing(cause: unknown): boolean {
  const { code } = cause as { code?: string };
  return code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND";
}

/** Kernels are set up when a device is chosen, so it is chosen for a moment. */
async function start(core: Core, name: TfjsDevice): Promise<KernelBackend> {
  const chosen: string | undefined = core.engine().backendName;
  // Without it, the first use of cpu in Node prints five lines of advice to install tfjs-node.
  core.enableProdMode();
  let failure: unknown;
  const hasStarted = await core.setBackend(name).catch((cause) => {
    failure = cause;
    return false;
  });
  if (chosen !== undefined && chosen !== name) await core.setBackend(chosen);
  if (hasStarted) return core.findBackend(name);
  const reason = failure === undefined ? "this machine does not offer what it needs" : (failure as Error).message;
  throw new DitError(`TensorFlow.js's ${name} does not start here: ${reason}`, { cause: failure });
}
