import { existsSync, realpathSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";

/** A Chromium on this machine: what CHROMIUM_PATH names, or the first on PATH. */
export function findChromium(): string | undefined {
  const named = process.env.CHROMIUM_PATH;
  const onPath = (process.env.PATH ?? "")
    .split(delimiter)
    .flatMap((folder) => ["chromium", "chromium-browser", "google-chrome"].map((name) => join(folder, name)));
  return [...(named === undefined ? [] : [named]), ...onPath].find(existsSync);
}

/**
 * Makes Vulkan run on SwiftShader, the software driver that comes with Chromium, so that WebGPU can be tested without a GPU.
 * Returns why that is not possible, if it is not.
 */
export function useSwiftShader(): string | undefined {
  const chromium = findChromium();
  if (chromium === undefined) return "no Chromium, whose SwiftShader stands in for a GPU";
  // Debian's command is a script beside which nothing lies.
  const folders = [dirname(realpathSync(chromium)), "/usr/lib/chromium", "/usr/lib/chromium-browser"];
  const folder = folders.find((path) => existsSync(join(path, "vk_swiftshader_icd.json")));
  if (folder === undefined) return "this Chromium comes without SwiftShader";
  process.env.VK_DRIVER_FILES = join(folder, "vk_swiftshader_icd.json");
  process.env.VK_ICD_FILENAMES = process.env.VK_DRIVER_FILES;
  loadVulkan(join(folder, "libvulkan.so.1"));
  return undefined;
}

/** RTLD_NODELETE of Linux's dlfcn.h, for which Node has no name. */
const keepLoaded = 0x1000;

/** Loads the Vulkan loader beside SwiftShader, by whose name Dawn then finds it, also where the system has none. */
function loadVulkan(path: string): void {
  try {
    process.dlopen({ exports: {} }, path, constants.dlopen.RTLD_NOW | keepLoaded);
  } catch {
    // It is no Node module, which is said after it has been loaded; Node would then unload it.
  }
}
