import { existsSync } from "node:fs";
import type { TrainStepSettings } from "@dit/backend-ort";
import { adamwDefaults, ConfigError, type ModelConfig, type SampleSettings } from "@dit/core";
import { requirePossible, settingsFrom } from "@dit/core/internal";
import { resolveConfig } from "../config/resolveConfig";
import { runFolder } from "../run/runFolder";
import type { ExportKind, ExportSettings } from "./exportables";

/** What the settings of a file are made from. */
export interface SettingsRequest {
  /** The model's path: a run knows how it was trained. */
  readonly model: string;
  readonly dtype: string;
  readonly sampling: Partial<SampleSettings>;
}

/** The settings of a kind of file. @throws ConfigError for those that contradict each other or the model */
export function exportSettings(
  what: ExportKind,
  config: ModelConfig,
  request: SettingsRequest,
): ExportSettings[ExportKind] {
  switch (what) {
    case "model":
      return {};
    case "sampler":
    case "sampler-step":
      return samplerSettings(what, config, request);
    case "train-step":
      return trainStepSettings(request);
    default:
      return what satisfies never;
  }
}

function samplerSettings(what: ExportKind, config: ModelConfig, { sampling }: SettingsRequest): SampleSettings {
  const guidance = sampling.guidance ?? (config.dit.classDropout > 0 ? 1.5 : 1);
  const settings = settingsFrom(config, { ...sampling, guidance });
  requirePossible(config, settings, false);
  if (settings.sampler === "dopri5")
    throw new ConfigError("dopri5 finds its steps as it goes, which no file can; export another sampler");
  if (what === "sampler-step" && settings.guidanceInterval !== null)
    throw new ConfigError("a sampler-step is guided or it is not; export one of each, and choose between them");
  return settings;
}

/** As the run was trained, or the paper's. */
function trainStepSettings({ model, dtype }: SettingsRequest): TrainStepSettings {
  const precision = dtype === "f16" ? "f16" : "f32";
  const { config: file } = runFolder(model);
  if (!existsSync(file)) return { adamw: adamwDefaults, precision };
  const {
    betas,
    eps: epsilon,
    weightDecay,
    gradientClip,
    accumulate,
    checkpoint,
  } = resolveConfig({ run: file }).config.train;
  const clip = gradientClip === null ? {} : { gradientClip };
  return { adamw: { betas, epsilon, weightDecay }, accumulate, checkpoint, precision, ...clip };
}
