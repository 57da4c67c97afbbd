import { type TrainStepSettings, trainStepProgram } from "@dit/backend-ort";
import type { HostTensor, Model } from "@dit/core";
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
import { drawnData } from "../drawnModel";
import type { Exportable, FileFeeds } from "./exportable";

/** Optimiser steps: a train state and batches to the next state and what was measured. */
export const trainStepFile: Exportable<TrainStepSettings> = {
  fileName: "train_step",
  dtypes: ["f32", "f16"],
  // The loss is a mean over the batch, and its size is in the arithmetic.
  takesAnyBatch: false,
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
  passes: () => 3 * checkedSteps,
};

/** Steps that a file takes to be checked: the second reads what the first has made. */
const checkedSteps = 2;

function question(model: Model, { adamw, precision }: TrainStepSettings, batchSize: number) {
  const { config, weights } = model;
  const scalars = Array.from({ length: checkedSteps }, (_, i) => ({
    ...prefixed("adamw", adamwScalarsAt(i + 1, 1e-4, adamw)),
    emaDecay: 0.9999,
  }));
  const data = drawnData(config, checkedSteps * batchSize);
  const { batches } = trainingBatches(data, config, batchSize, 0);
  return {
    carry: carryOf(config, firstState(config, 0, weights), precision) as Record<string, HostTensor>,
    xs: { ...prefixed("batch", { ...batches(0, checkedSteps) }), ...stackScalars(scalars) },
  };
}
