import { type Backend, reference } from "@dit/core";
import type { TrainConfig } from "./config/trainConfig";

export type BackendConfig = TrainConfig["backend"];

/** The backends that a flag names, with the settings that they have by default. */
export const backends = {
  ort: { kind: "ort", provider: "cpu", threads: null },
  "ort-cuda": { kind: "ort", provider: "cuda", threads: null },
  "ort-webgpu": { kind: "ort", provider: "webgpu", threads: null },
  "tfjs-cpu": { kind: "tfjs", device: "cpu", precision: "f32" },
  "tfjs-wasm": { kind: "tfjs", device: "wasm", precision: "f32" },
  "tfjs-webgpu": { kind: "tfjs", device: "webgpu", precision: "f32" },
  reference: { kind: "reference" },
} as const satisfies Readonly<Record<string, BackendConfig>>;

export type BackendName = keyof typeof backends;

export const backendNames = Object.keys(backends) as BackendName[];

/** The only place that chooses a backend. Runtimes are loaded when they are asked for. */
export async function openBackend(config: BackendConfig): Promise<Backend> {
  switch (config.kind) {
    case "ort": {
      const { ort } = await import("@dit/backend-ort");
      return ort({ provider: config.provider, ...(config.threads === null ? {} : { threads: config.threads }) });
    }
    case "tfjs": {
      const { tfjs } = await import("@dit/backend-tfjs");
      return tfjs(config);
    }
    case "reference":
      return reference();
    default:
      return config satisfies never;
  }
}
