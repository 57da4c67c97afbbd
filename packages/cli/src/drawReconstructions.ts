import { join } from "node:path";
import type { Backend, Dataset } from "@dit/core";
import type { Vae } from "@dit/vae";
import { encodePng } from "./images/png";
import { reconstructions } from "./reconstructions";
import { reconstructionsCaption } from "./report/writeVaeReport";
import { atomicWrite } from "./run/atomicWrite";
import type { RunFolder } from "./run/runFolder";

/** The picture of a step among a run's samples: the first images above what the autoencoder makes of them. */
export async function drawReconstructions(
  run: RunFolder,
  step: number,
  vae: Vae,
  data: Dataset,
  backend: Backend,
): Promise<void> {
  const text = { "dit:step": String(step), "dit:caption": reconstructionsCaption };
  const file = join(run.samples, `step-${String(step).padStart(6, "0")}.png`);
  atomicWrite(file, encodePng(await reconstructions(vae, data, backend), text));
}
