import { join } from "node:path";
import type { Backend, Model, ModelConfig } from "@dit/core";
import type { Vae } from "@dit/vae";
import { sampleSettings } from "../config/sampleSettings";
import type { TrainConfig } from "../config/trainConfig";
import { drawGrid } from "../drawGrid";
import { createDrawer } from "../sample/drawer";
import type { RunFolder } from "./runFolder";

/** Classes in a preview. */
const largestPreview = 10;

/** Draws the same noise at each visit, so that one sees the same pictures grow. */
export async function previewer(model: ModelConfig, backend: Backend, config: TrainConfig, vae: Vae | undefined) {
  const { perClass } = config.sample;
  const shown = Math.max(1, Math.min(model.dit.numClasses, largestPreview));
  const classes = Array.from({ length: shown * perClass }, (_, i) => Math.floor(i / perClass));
  const drawer = await createDrawer(model, backend, {
    settings: sampleSettings(config, model),
    batch: classes.length,
    vae,
  });
  return {
    draw: async (run: RunFolder, step: number, current: Model) => {
      const samples = await drawer.draw(current.weights, classes, { seed: config.train.seed, first: 0 });
      const file = join(run.samples, `step-${String(step).padStart(6, "0")}.png`);
      drawGrid(file, samples, perClass, { "dit:step": String(step) });
    },
    dispose: () => drawer.dispose(),
  };
}
