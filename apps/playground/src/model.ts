import type { Model } from "@dit/core";
import { loadModel } from "@dit/core/web";
import { element } from "./element";

const quickstart = "/quickstart/checkpoints/step-001400/ema.safetensors";

interface Choice {
  readonly name: string;
  readonly source: string | File | Model;
  /** Under way, or done; absent before the first use and after a failure, which may be tried again. */
  loading?: Promise<Model> | undefined;
}

const given = new URLSearchParams(location.search).get("model") ?? quickstart;
let choice: Choice = { name: given, source: given };

/** Chooses what is drawn with: the address of a file, a file of the user, or a model that was trained here. */
export function choose(name: string, source: string | File | Model): void {
  choice = { name, source };
  showName();
}

/** The model that is drawn with, loaded at its first use. Whoever waits while another is chosen gets that other. */
export async function chosenModel(): Promise<Model> {
  const asked = choice;
  asked.loading ??= loaded(asked);
  try {
    const model = await asked.loading;
    if (asked === choice) return model;
  } catch (error) {
    if (asked === choice) throw error;
  }
  return chosenModel();
}

async function loaded(chosen: Choice): Promise<Model> {
  const { source } = chosen;
  if (typeof source !== "string" && !(source instanceof File)) return source;
  try {
    return await loadModel(source);
  } catch (cause) {
    chosen.loading = undefined;
    const advice = source === quickstart ? ": run `npm run quickstart` first, open a file, or train a model here" : "";
    throw new Error(`${(cause as Error).message}${advice}`, { cause });
  }
}

function showName(): void {
  element<HTMLOutputElement>("model").textContent = choice.name;
}

/** Shows the model and lets the user open another. */
export function modelPanel(onChange: () => void): void {
  showName();
  const input = element<HTMLInputElement>("file");
  input.addEventListener("change", () => {
    const file = input.files?.[0];
    if (file === undefined) return;
    choose(file.name, file);
    onChange();
    input.value = ""; // else the same file, opened again, would be no change
  });
}
