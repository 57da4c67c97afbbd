import { sample } from "@dit/core";
import { loadModel } from "@dit/core/web";
import { backends } from "./backends";
import { paint } from "./paint";

const element = <E extends HTMLElement>(id: string) => document.getElementById(id) as E;
const menu = element<HTMLSelectElement>("backend");
const field = element<HTMLInputElement>("file");
const status = element<HTMLOutputElement>("status");
const button = element<HTMLButtonElement>("draw");
const query = new URLSearchParams(location.search);

menu.append(...Object.keys(backends).map((name) => new Option(name)));
menu.value = query.get("backend") ?? "ort wasm";
button.addEventListener("click", () => draw().catch((error: Error) => say(error.message)));

/** One image of each class, by the chosen file or by the quickstart's model. */
async function draw(): Promise<void> {
  button.disabled = true;
  say("loading");
  const backend = await backends[menu.value]!();
  try {
    const address = query.get("model") ?? "/quickstart/checkpoints/step-001400/ema.safetensors";
    const model = await loadModel(field.files?.[0] ?? address);
    const classes = Array.from({ length: model.config.dit.numClasses }, (_, label) => label);
    const started = performance.now();
    const { images } = await sample(model, {
      backend,
      classes,
      steps: 20,
      sampler: "ddim",
      guidance: 2.5,
      seed: 1,
      onStep: (step, steps) => say(`step ${step} of ${steps}`),
    });
    paint(element<HTMLCanvasElement>("canvas"), images);
    say(`${classes.length} images in ${((performance.now() - started) / 1000).toFixed(1)} s on ${backend.name}`);
  } finally {
    await backend.dispose();
    button.disabled = false;
  }
}

function say(text: string): void {
  status.textContent = text;
}
