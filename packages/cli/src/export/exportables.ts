import type { TrainStepSettings } from "@dit/backend-ort";
import type { Model, SampleSettings } from "@dit/core";
import type { Vae } from "@dit/vae";
import type { Exportable } from "./exportable";
import { type FeaturesModel, featuresFile } from "./featuresFile";
import { modelFile, type NoSettings } from "./modelFile";
import { samplerFile, samplerStepFile } from "./samplerFiles";
import { trainStepFile } from "./trainStepFile";
import { type DecoderSettings, vaeDecoderFile } from "./vaeDecoderFile";

/** What each kind of file is decided by: its settings and its model. */
interface ExportTypes {
  readonly model: [NoSettings, Model];
  readonly "sampler-step": [SampleSettings, Model];
  readonly sampler: [SampleSettings, Model];
  readonly "vae-decoder": [DecoderSettings, Vae];
  readonly "train-step": [TrainStepSettings, Model];
  readonly features: [NoSettings, FeaturesModel];
}

export type ExportKind = keyof ExportTypes;

export type ExportableOf<K extends ExportKind> = Exportable<ExportTypes[K][0], ExportTypes[K][1]>;

/** Every kind of file that `dit export` writes. */
export const exportables: { readonly [K in ExportKind]: ExportableOf<K> } = {
  model: modelFile,
  "sampler-step": samplerStepFile,
  sampler: samplerFile,
  "vae-decoder": vaeDecoderFile,
  "train-step": trainStepFile,
  features: featuresFile,
};

export const exportKinds = Object.keys(exportables) as ExportKind[];
