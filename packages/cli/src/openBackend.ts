import type { WeightFormat } from "@dit/backend-ort";
import { type Backend, ConfigError, reference } from "@dit/core";
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

/**
 * The only place that chooses a backend. Runtimes are loaded when they are asked for.
 * @param weights what the weights of a model that is not trained are held in
 * @throws ConfigError where a backend has no integers for them
 */
export async function openBackend(config: BackendConfig, weights: WeightFormat = "f32"): Promise<Backend> {
  if (weights !== "f32" && config.kind !== "ort")
    throw new ConfigError(`${config.kind} holds weights in floats; for ${weights} take the backend ort`);
  switch (config.kind) {
    case "ort": {
      const { ort } = await import("@dit/backend-ort");
      return ort({
        provider: config.provider,
        weights,
        ...(config.threads === null ? {} : { threads: config.threads }),
      });
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
