import { join } from "node:path";
import { type Backend, createSampler, type Model, type ModelConfig } from "@dit/core";
import type { TrainConfig } from "../config/trainConfig";
import { drawGrid } from "../drawGrid";
import type { RunFolder } from "./runFolder";

/** Classes in a preview. */
const largestPreview = 10;

/** Draws the same noise at each visit, so that one sees the same pictures grow. */
export async function previewer(model: ModelConfig, backend: Backend, config: TrainConfig) {
  const { perClass, everySteps: _, sampler, ...rest } = config.sample;
  const shown = Math.max(1, Math.min(model.dit.numClasses, largestPreview));
  const classes = Array.from({ length: shown * perClass }, (_, i) => Math.floor(i / perClass));
  const settings = { ...rest, ...(sampler !== null && { sampler }) };
  const compiled = await createSampler(model, backend, classes.length, settings);
  return {
    draw: async (run: RunFolder, step: number, current: Model) => {
      const samples = await compiled.run(current.weights, classes, { seed: config.train.seed });
      const file = join(run.samples, `step-${String(step).padStart(6, "0")}.png`);
      drawGrid(file, samples, perClass, { "dit:step": String(step) });
    },
    dispose: () => compiled.dispose(),
  };
}
