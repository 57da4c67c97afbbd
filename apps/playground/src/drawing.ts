import { sample } from "@dit/core";
import { chosenClasses, showClasses } from "./classes";
import { element, numberIn } from "./element";
import { job } from "./job";
import { chosenModel, modelPanel } from "./model";
import { paint } from "./paint";

/** Draws images of the ticked classes, and shows them as they come out of the noise. */
export function drawingPanel(): void {
  const canvas = element<HTMLCanvasElement>("canvas");
  const showModel = async () => showClasses((await chosenModel()).config.dit.numClasses);
  modelPanel(() => void showModel().catch(() => {})); // what is wrong with a file is said when it is drawn with
  showClasses(10);

  job({ button: "draw", bar: "drawn", status: "drawing-status" }, async ({ backend, signal, say, progress }) => {
    const model = await chosenModel();
    const { numClasses } = model.config.dit;
    showClasses(numClasses);
    const chosen = numClasses === 0 ? [0] : chosenClasses();
    if (chosen.length === 0) throw new Error("tick a class");
    const count = numberIn("count");
    const started = performance.now();
    const { images } = await sample(model, {
      backend,
      classes: Array.from({ length: count }, () => chosen).flat(),
      steps: numberIn("steps"),
      sampler: "ddim",
      guidance: numClasses === 0 ? 1 : numberIn("guidance"), // there is nothing to be guided to
      seed: numberIn("seed"),
      signal,
      onStep: (step, steps) => {
        progress(step, steps);
        say(`step ${step} of ${steps}`);
      },
      onPreview: (_, x0) => paint(canvas, x0, chosen.length),
    });
    paint(canvas, images, chosen.length);
    const seconds = (performance.now() - started) / 1000;
    return `${images.shape[0]} images in ${seconds.toFixed(1)} s on ${backend.name}`;
  });
}
