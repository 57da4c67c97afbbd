import { ConfigError } from "@dit/core";

/** Where TensorFlow.js computes. */
export type TfjsDevice = "cpu" | "wasm" | "webgl" | "webgpu";

/** Fastest last. WebGL wants a page's canvas, which Node does not have. */
const inNode: readonly TfjsDevice[] = ["cpu", "wasm", "webgpu"];
const inBrowsers: readonly TfjsDevice[] = ["cpu", "wasm", "webgl", "webgpu"];

export const isNode = typeof process === "object" && process.versions?.node !== undefined;

/** The devices of this platform; whether one works here shows when it is opened. */
export const devices: readonly TfjsDevice[] = isNode ? inNode : inBrowsers;

/** @throws ConfigError that names this platform's devices, when `device` is none of them */
export function requireDevice(device: TfjsDevice): void {
  if (devices.includes(device)) return;
  throw new ConfigError(
    `there is no TensorFlow.js device ${JSON.stringify(device)} here (devices: ${devices.join(", ")})`,
  );
}
