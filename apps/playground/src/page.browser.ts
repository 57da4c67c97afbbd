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
import page from "../index.html?raw";
import { backends } from "./backends";
import { choose, chosenModel } from "./model";

const settings = {
  inputSize: [8, 8],
  inChannels: 1,
  patchSize: 4,
  hiddenSize: 16,
  depth: 1,
  heads: 2,
  learnSigma: false,
} as const;
const diffusion = { ...diffusionDefaults, loss: "mse", variance: "fixedLarge", prediction: "x0" } as const;

/** Fresh weights predict 0; with noise in the last layer there is something to see. */
function noisyModel(numClasses = 3): Model {
  const dit = ditConfig(undefined, { ...settings, numClasses });
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

/** The model's file. */
const fileOf = (model: Model) => new File([modelToSafetensors(model) as Uint8Array<ArrayBuffer>], "model.safetensors");

beforeAll(async () => {
  document.body.innerHTML = new DOMParser().parseFromString(page, "text/html").body.innerHTML;
  const address = location.href;
  history.replaceState(null, "", "?backend=abacus");
  await import("./main");
  history.replaceState(null, "", address);
});

test("a backend that there is not gives way to the first", () => {
  expect(document.querySelector<HTMLSelectElement>("#backend")!.value).toBe("ort wasm");
});

test.each([
  ["", "Of each: Please fill out this field."],
  ["17", "Of each: Value must be less than or equal to 16."],
])("a number that is no good (%j) is said, and the page goes on", async (value, message) => {
  choose("noise", noisyModel());
  select("count", value);
  await press("draw");
  expect(text("drawing-status")).toBe(message);
});

test("of two models the one that was chosen last is drawn with, whichever is loaded first", async () => {
  const [late, prompt] = [fileOf(noisyModel()), fileOf(noisyModel())];
  let open = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const read = vi.spyOn(late, "arrayBuffer").mockImplementation(async () => {
    await gate;
    return File.prototype.arrayBuffer.call(late);
  });
  choose("late", late);
  const waiting = [chosenModel(), chosenModel()];
  choose("prompt", prompt);
  const model = await chosenModel();
  open();
  for (const waiter of waiting) expect(await waiter).toBe(model);
  expect(await chosenModel()).toBe(model);
  expect(read).toHaveBeenCalledTimes(1);
});

test("a backend that cannot be disposed of is an error, and the page goes on", async () => {
  const broken = () => Promise.reject(new Error("the device is lost"));
  vi.spyOn(backends, "ort wasm").mockResolvedValue({ ...reference(), dispose: broken });
  choose("noise", noisyModel());
  select("count", "1");
  await press("draw");
  expect(text("drawing-status")).toBe("the device is lost");
  vi.restoreAllMocks();
});

test("what goes wrong after Stop was pressed is said", async () => {
  const broken = () => Promise.reject(new Error("the device is lost"));
  vi.spyOn(backends, "ort wasm").mockResolvedValue({ ...reference(), dispose: broken });
  choose("noise", noisyModel());
  const done = press("draw");
  document.querySelector<HTMLButtonElement>("#draw")!.click();
  await done;
  expect(text("drawing-status")).toBe("the device is lost");
  expect(document.querySelector("#drawing-status")!.classList).toContain("error");
  vi.restoreAllMocks();
});

test("a model without classes is drawn with, and the page says that there is nothing to tick", async () => {
  choose("unconditional", noisyModel(0));
  select("count", "2");
  await run("draw", "drawing-status", "tfjs wasm");
  expect(text("classes")).toBe("This model knows no classes.");
  const canvas = document.querySelector("canvas")!;
  expect([canvas.width, canvas.height]).toEqual([8, 16]);
  select("count", "1");
});

test("training that is stopped before its first steps leaves the model that there was", async () => {
  choose("noise", noisyModel());
  const done = press("train");
  document.querySelector<HTMLButtonElement>("#train")!.click();
  await done;
  expect([text("training-status"), text("model")]).toEqual(["stopped", "noise"]);
});

test("training that is stopped on its way says how far it came, and is drawn with", async () => {
  select("backend", "tfjs wasm");
  const done = press("train");
  await vi.waitFor(() => expect(text("training-status")).toContain("step 5 of 1000"), 60_000);
  document.querySelector<HTMLButtonElement>("#train")!.click();
  await done;
  const [steps] = /(?<=^stopped after )\d+(?= steps on tfjs-wasm)/.exec(text("training-status"))!;
  expect(text("model")).toBe(`trained here, ${steps} steps`);
});

/** What the user types or chooses in a field. */
function select(id: string, value: string): void {
  document.querySelector<HTMLSelectElement>(`#${id}`)!.value = value;
}

function text(id: string): string {
  return document.querySelector(`#${id}`)!.textContent;
}

/** Presses a button, and waits until it can be pressed again. */
async function press(button: string): Promise<void> {
  const title = text(button);
  document.querySelector<HTMLButtonElement>(`#${button}`)!.click();
  await vi.waitFor(() => expect(text(button)).toBe(title), 120_000);
}

async function run(button: string, status: string, backend: string): Promise<void> {
  select("backend", backend);
  await press(button);
  expect(text(status)).toContain(` on ${backend.replace(" ", "-")}`);
}

test.each(["ort wasm", "tfjs wasm"])("the page paints on %s what the reference draws", async (backend) => {
  const model = noisyModel();
  const chosen = new DataTransfer();
  chosen.items.add(fileOf(model));
  const file = document.querySelector<HTMLInputElement>("#file")!;
  file.files = chosen.files;
  file.dispatchEvent(new Event("change"));
  expect(file.value).toBe(""); // so that the same file can be opened again
  await run("draw", "drawing-status", backend);

  const options = { classes: [0, 1, 2], steps: 20, sampler: "ddim", guidance: 2.5, seed: 1 } as const;
  const { images } = await sample(model, { ...options, backend: reference() });
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

test("the page trains a model, and draws with it", async () => {
  select("train-steps", "10");
  select("batch", "8");
  await run("train", "training-status", "tfjs wasm");
  expect(document.querySelector("#curve polyline")!.getAttribute("points")!.split(" ").length).toBe(10);
  expect(document.querySelector("#model")!.textContent).toBe("trained here, 10 steps");
  select("steps", "2");
  await run("draw", "drawing-status", "tfjs wasm");
  const canvas = document.querySelector("canvas")!;
  expect([canvas.width, canvas.height]).toEqual([280, 28]);
});
