import { diffusionDefaults, ditConfig, type ModelConfig, sample, train } from "@dit/core";
import { showClasses } from "./classes";
import { digits } from "./digits";
import { element, numberIn } from "./element";
import { job } from "./job";
import { choose } from "./model";
import { paint } from "./paint";

/** The quickstart's network, made smaller: the README says why it looks like this. */
const config: ModelConfig = {
  dit: ditConfig(undefined, {
    inputSize: [28, 28],
    inChannels: 1,
    patchSize: 7,
    hiddenSize: 96,
    depth: 4,
    heads: 3,
    numClasses: 10,
    learnSigma: false,
    labelStd: 1,
  }),
  diffusion: { ...diffusionDefaults, loss: "mse", variance: "fixedLarge", prediction: "x0" },
};

/** Trains a model on handwritten digits in the page, shows its curve and what it draws, and draws with it from then on. */
export function trainingPanel(): void {
  const preview = element<HTMLCanvasElement>("preview");
  job({ button: "train", bar: "trained", status: "training-status" }, async ({ backend, signal, say, progress }) => {
    const data = await digits();
    const losses: number[] = [];
    const [steps, batchSize] = [numberIn("train-steps"), numberIn("batch")];
    const { model, state } = await train({
      model: config,
      data,
      backend,
      steps,
      batchSize,
      learningRate: 2e-3,
      warmup: 20,
      decay: "cosine",
      adamw: { betas: [0.9, 0.95] },
      ema: { decay: 0.98 },
      stepsPerCall: 5, // between which the page answers
      previewEvery: 50,
      signal,
      onMetrics: ({ step, loss, imagesPerSecond }) => {
        losses.push(loss);
        showCurve(losses, steps);
        progress(step, steps);
        say(`step ${step} of ${steps}, loss ${loss.toFixed(3)}, ${imagesPerSecond.toFixed(0)} images/s`);
      },
      onPreview: async (_, { config, weights }) => {
        const classes = data.classNames.map((_, label) => label);
        const { images } = await sample({ config, weights }, { backend, classes, steps: 10, guidance: 2.5, seed: 1 });
        paint(preview, images, classes.length);
      },
    });
    if (state.step === 0) throw signal.reason; // stopped before there was anything to draw with
    choose(`trained here, ${state.step} steps`, model);
    showClasses(10);
    return `${state.step < steps ? "stopped after " : ""}${state.step} steps on ${backend.name}, loss ${losses.at(-1)?.toFixed(3)}`;
  });
}

/** The logarithm of the loss, from its largest to its smallest. */
function showCurve(losses: readonly number[], steps: number): void {
  const logs = losses.map(Math.log);
  const [low, high] = [Math.min(...logs), Math.max(...logs)];
  const points = logs.map((y, i) => `${(100 * i) / steps},${38 - (36 * (y - low)) / (high - low || 1)}`);
  document.querySelector("#curve polyline")!.setAttribute("points", points.join(" "));
}
