import { type ModelConfig, modelFromSafetensors, modelToSafetensors, type Weights } from "@dit/core";
import { bytesSource, openTensors } from "@dit/core/internal";
import { type VaeConfig, vaeFromTensors, vaePieces } from "@dit/vae";

interface Configured<C> {
  readonly config: C;
  readonly weights: Weights;
}

/** How a kind of model is written to a file and read back, so that runs of each kind save and continue by the same code. */
export interface WeightsFormat<C> {
  write(model: Configured<C>): Uint8Array | Iterable<Uint8Array>;
  read(bytes: Uint8Array): Configured<C>;
}

export const ditFormat: WeightsFormat<ModelConfig> = { write: modelToSafetensors, read: modelFromSafetensors };

export const vaeFormat: WeightsFormat<VaeConfig> = {
  write: (vae) => vaePieces(vae),
  read: (bytes) => vaeFromTensors(openTensors(bytesSource(bytes))),
};
