import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { HostTensor, Samples } from "@dit/core";
import { imageGrid } from "./images/grid";
import { encodePng } from "./images/png";
import { atomicWrite } from "./run/atomicWrite";

/** Writes a grid of samples as a PNG that says what remakes it. */
export function drawGrid(
  file: string,
  samples: Samples,
  columns: number,
  notes: Readonly<Record<string, string>>,
): void {
  const { settings, images } = samples;
  const grid = imageGrid(images, { columns, scale: scaleFor(images), padding: 4, background: 24 });
  const { classes, ...rest } = settings;
  mkdirSync(dirname(file), { recursive: true });
  atomicWrite(
    file,
    encodePng(grid, {
      ...notes,
      "dit:seed": String(settings.seed),
      "dit:classes": classes.join(","),
      "dit:settings": JSON.stringify(rest),
    }),
  );
}

/** Small images are enlarged by a whole factor: 28 pixels are hard to see. */
function scaleFor({ shape }: HostTensor): number {
  return Math.max(1, Math.floor(72 / shape.at(-2)!));
}
