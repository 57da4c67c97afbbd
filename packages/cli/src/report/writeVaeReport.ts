import { basename } from "node:path";
import { shownPath } from "../config/configFile";
import { type VaeRunConfig, vaeRunOrigins } from "../config/vaeRunConfig";
import type { RunFolder } from "../run/runFolder";
import { quoted } from "./report";
import { writeReport } from "./writeReport";

/** What a picture of reconstructions shows. */
export const reconstructionsCaption = "Images above, what the autoencoder makes of them below";

/** As `writeReport`, for the run of an autoencoder. */
export function writeVaeReport(run: RunFolder, config: VaeRunConfig, parameters: number | undefined): void {
  const [folder, latents] = [quoted(shownPath(run.path)), quoted(`${basename(run.path)}-latents`)];
  const size = config.imageSize === null ? "" : ` --image-size ${config.imageSize}`;
  writeReport(run, { config, origins: vaeRunOrigins(config) }, parameters, {
    finalCaption: reconstructionsCaption,
    commands: [
      { title: "Encode images", command: `dit encode ${quoted(config.data)}${size} --vae ${folder} --out ${latents}` },
      { title: "Train on latents", command: `dit train --data latents:${latents} --set vae=${folder}` },
      { title: "Continue training", command: `dit train-vae --resume ${folder}` },
    ],
  });
}
