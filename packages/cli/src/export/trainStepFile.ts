import { existsSync } from "node:fs";
import { type TrainStepSettings, trainStepProgram } from "@dit/backend-ort";
import { adamwDefaults, type HostTensor, type Model, multiplyAdds } from "@dit/core";
import {
  adamwScalarsAt,
  carryOf,
  disposeAll,
  firstState,
  prefixed,
  splitFixed,
  stackScalars,
  trainingBatches,
  trainStep,
} from "@dit/core/internal";
import { resolveConfig } from "../config/resolveConfig";
import { drawnData } from "../drawnModel";
import { runFolder } from "../run/runFolder";
import { ditModel } from "./ditModel";
import type { Exportable, FileFeeds, SettingsRequest } from "./exportable";

/** Optimiser steps: a train state and batches to the next state and what was measured. */
export const trainStepFile: Exportable<TrainStepSettings, Model> = {
  fileName: "train_step",
  kind: ditModel,
  dtypes: ["f32", "f16"],
  // The loss is a mean over the batch, and its size is in the arithmetic.
  takesAnyBatch: false,
  settings: (_, request) => trainStepSettings(request),
  program: ({ config, weights }, settings, options) => trainStepProgram(config, weights, settings, options),
  feeds(model, settings, batchSize) {
    const { carry, xs } = question(model, settings, batchSize);
    return { steps: BigInt(checkedSteps), ...prefixed("carry", carry), ...prefixed("xs", xs) } as FileFeeds;
  },
  async expected(model, settings, batchSize, backend) {
    const { config, weights } = model;
    const constants = prefixed("fixed", splitFixed(config, weights).fixed);
    const exact = { ...settings, precision: "f32" as const };
    const executable = await backend.compileScan(trainStep(config, { ...exact, batchSize }), { constants });
    const result = await executable.run(question(model, exact, batchSize));
    const read = Object.entries(result.ys).map(async ([name, y]) => [`ys.${name}`, (await y.read()).data] as const);
    const metrics = Object.fromEntries(await Promise.all(read));
    disposeAll(result.carry);
    disposeAll(result.ys);
    await executable.dispose();
    return metrics as Record<string, Float32Array>;
  },
  passesBy: "max",
  multiplyAdds: ({ config }) => 3 * checkedSteps * multiplyAdds(config.dit),
};

/** Steps that a file takes to be checked: the second reads what the first has made. */
const checkedSteps = 2;

/** In f16: small enough that no gradient overflows, as in the first steps of a run some do. */
const checkedScale = { scale: 256, streak: 0 };

function question(model: Model, { adamw, precision }: TrainStepSettings, batchSize: number) {
  const { config, weights } = model;
  const scalars = Array.from({ length: checkedSteps }, (_, i) => ({
    ...prefixed("adamw", adamwScalarsAt(i + 1, 1e-4, adamw)),
    emaDecay: 0.9999,
  }));
  const data = drawnData(config, checkedSteps * batchSize);
  const { batches } = trainingBatches(data, config, batchSize, 0);
  const state = { ...firstState(config, 0, weights), lossScale: checkedScale };
  return {
    carry: carryOf(config, state, precision) as Record<string, HostTensor>,
    xs: { ...prefixed("batch", { ...batches(0, checkedSteps) }), ...stackScalars(scalars) },
  };
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
