import { DitError } from "@dit/core";

/** The part of the package `webgpu` that is used: Dawn, the WebGPU of Chromium, as a Node module. */
interface Dawn {
  create(options: readonly string[]): { requestAdapter(): Promise<object | null> };
  readonly globals: Readonly<Record<string, unknown>>;
}

/**
 * Gives Node the WebGPU that browsers have, as `navigator.gpu` and the globals beside it, so that everything above runs as
 * in a page.
 * @throws DitError when there is no GPU, and no software driver either
 */
export async function provideGpu(): Promise<void> {
  if ((globalThis.navigator as { gpu?: unknown } | undefined)?.gpu !== undefined) return;
  // Named through a variable so that bundlers of browser code leave the Node module alone.
  const name = "webgpu";
  const { create, globals } = (await import(/* @vite-ignore */ name)) as Dawn;
  const gpu = create([]);
  if ((await gpu.requestAdapter()) === null) {
    throw new DitError("no GPU was found; VK_DRIVER_FILES may point to the driver's .json file (Vulkan)");
  }
  Object.assign(globalThis, globals);
  if (globalThis.navigator === undefined) Object.assign(globalThis, { navigator: {} });
  Object.defineProperty(globalThis.navigator, "gpu", { value: gpu, configurable: true });
}
