import type { Model } from "@dit/core";
import { loadModel } from "@dit/core/web";
import { element } from "./element";

const quickstart = "/quickstart/checkpoints/step-001400/ema.safetensors";

let name = new URLSearchParams(location.search).get("model") ?? quickstart;
let source: string | File | Model = name;

/** Chooses what is drawn with: the address of a file, a file of the user, or a model that was trained here. */
export function choose(newName: string, newSource: string | File | Model): void {
  [name, source] = [newName, newSource];
  element<HTMLOutputElement>("model").textContent = name;
}

/** The model that is drawn with, loaded at its first use. */
export async function chosenModel(): Promise<Model> {
  if (typeof source === "string" || source instanceof File) source = await loaded(source);
  return source;
}

async function loaded(from: string | File): Promise<Model> {
  try {
    return await loadModel(from);
  } catch (cause) {
    const advice = from === quickstart ? ": run `npm run quickstart` first, open a file, or train a model here" : "";
    throw new Error(`${(cause as Error).message}${advice}`, { cause });
  }
}

/** Shows the model and lets the user open another. */
export function modelPanel(onChange: () => void): void {
  choose(name, source);
  element<HTMLInputElement>("file").addEventListener("change", ({ target }) => {
    const file = (target as HTMLInputElement).files?.[0];
    if (file === undefined) return;
    choose(file.name, file);
    onChange();
  });
}
