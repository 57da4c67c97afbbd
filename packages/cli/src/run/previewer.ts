import { join } from "node:path";
import { type Backend, createSampler, type Model, type ModelConfig } from "@dit/core";
import { sampleSettings } from "../config/sampleSettings";
import type { TrainConfig } from "../config/trainConfig";
import { drawGrid } from "../drawGrid";
import type { RunFolder } from "./runFolder";

/** Classes in a preview. */
const largestPreview = 10;

/** Draws the same noise at each visit, so that one sees the same pictures grow. */
export async function previewer(model: ModelConfig, backend: Backend, config: TrainConfig) {
  const { perClass } = config.sample;
  const shown = Math.max(1, Math.min(model.dit.numClasses, largestPreview));
  const classes = Array.from({ length: shown * perClass }, (_, i) => Math.floor(i / perClass));
  const compiled = await createSampler(model, backend, classes.length, sampleSettings(config));
  return {
    draw: async (run: RunFolder, step: number, current: Model) => {
      const samples = await compiled.run(current.weights, classes, { seed: config.train.seed });
      const file = join(run.samples, `step-${String(step).padStart(6, "0")}.png`);
      drawGrid(file, samples, perClass, { "dit:step": String(step) });
    },
    dispose: () => compiled.dispose(),
  };
}
