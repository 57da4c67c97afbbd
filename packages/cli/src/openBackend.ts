import { type Backend, reference } from "@dit/core";
import type { TrainConfig } from "./config/trainConfig";

export type BackendConfig = TrainConfig["backend"];

/** The only place that chooses a backend. Runtimes are loaded when they are asked for. */
export async function openBackend(config: BackendConfig): Promise<Backend> {
  switch (config.kind) {
    case "ort": {
      const { ort } = await import("@dit/backend-ort");
      return ort({ provider: config.provider, ...(config.threads === null ? {} : { threads: config.threads }) });
    }
    case "reference":
      return reference();
    default:
      return config satisfies never;
  }
}
