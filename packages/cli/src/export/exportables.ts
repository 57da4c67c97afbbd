import type { TrainStepSettings } from "@dit/backend-ort";
import type { SampleSettings } from "@dit/core";
import type { Exportable } from "./exportable";
import { modelFile } from "./modelFile";
import { samplerFile, samplerStepFile } from "./samplerFiles";
import { trainStepFile } from "./trainStepFile";

/** What each kind of file is decided by, beside the model. */
export interface ExportSettings {
  readonly model: Readonly<Record<string, never>>;
  readonly "sampler-step": SampleSettings;
  readonly sampler: SampleSettings;
  readonly "train-step": TrainStepSettings;
}

export type ExportKind = keyof ExportSettings;

/** Every kind of file that `dit export` writes. */
export const exportables: { readonly [K in ExportKind]: Exportable<ExportSettings[K]> } = {
  model: modelFile,
  "sampler-step": samplerStepFile,
  sampler: samplerFile,
  "train-step": trainStepFile,
};

export const exportKinds = Object.keys(exportables) as ExportKind[];
