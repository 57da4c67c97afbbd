import {
  diffusionDefaults,
  ditConfig,
  ditSpec,
  hostF32,
  initialize,
  type Model,
  modelToSafetensors,
  normal,
  reference,
  sample,
} from "@dit/core";
import { beforeAll, expect, test, vi } from "vitest";
import page from "./index.html?raw";

const dit = ditConfig(undefined, {
  inputSize: [8, 8],
  inChannels: 1,
  patchSize: 4,
  hiddenSize: 16,
  depth: 1,
  heads: 2,
  numClasses: 3,
  learnSigma: false,
});
const diffusion = { ...diffusionDefaults, loss: "mse", variance: "fixedLarge", prediction: "x0" } as const;

/** Fresh weights predict 0; with noise in the last layer there is something to see. */
function noisyModel(): Model {
  const weights = { ...initialize(ditSpec(dit), 0) };
  for (const name of Object.keys(weights).filter((name) => name.startsWith("final_layer"))) {
    const { shape } = weights[name]!;
    const values = normal(
      { seed: 1, stream: name, step: 0, sample: 0 },
      shape.reduce((a, b) => a * b, 1),
    );
    weights[name] = hostF32(
      shape,
      values.map((x) => x / 4),
    );
  }
  return { config: { dit, diffusion }, weights };
}

beforeAll(async () => {
  document.body.innerHTML = new DOMParser().parseFromString(page, "text/html").body.innerHTML;
  await import("./main");
});

test.each(["ort wasm", "tfjs wasm"])("the page paints on %s what the reference draws", async (backend) => {
  const model = noisyModel();
  const chosen = new DataTransfer();
  chosen.items.add(new File([modelToSafetensors(model) as Uint8Array<ArrayBuffer>], "model.safetensors"));
  document.querySelector<HTMLInputElement>("#file")!.files = chosen.files;
  document.querySelector<HTMLSelectElement>("#backend")!.value = backend;
  document.querySelector<HTMLButtonElement>("#draw")!.click();
  await vi.waitFor(
    () => expect(document.querySelector("#status")!.textContent).toContain(` s on ${backend.replace(" ", "-")}`),
    60_000,
  );

  const settings = { classes: [0, 1, 2], steps: 20, sampler: "ddim", guidance: 2.5, seed: 1 } as const;
  const { images } = await sample(model, { ...settings, backend: reference() });
  const canvas = document.querySelector("canvas")!;
  expect([canvas.width, canvas.height]).toEqual([24, 8]);
  const painted = canvas.getContext("2d")!.getImageData(0, 0, 24, 8).data;
  const levels = new Set<number>();
  for (let n = 0; n < 3; n++) {
    for (let i = 0; i < 64; i++) {
      const at = 4 * ((i >> 3) * 24 + n * 8 + (i % 8));
      const level = Math.min(255, Math.max(0, (images.data[n * 64 + i]! + 1) * 127.5));
      expect(Math.abs(painted[at]! - level)).toBeLessThan(0.51);
      levels.add(painted[at]!);
    }
  }
  expect(levels.size).toBeGreaterThan(20);
});
