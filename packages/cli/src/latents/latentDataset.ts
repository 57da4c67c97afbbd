import { DitError } from "@dit/core";
import { fillNormal } from "@dit/core/internal";
import { scaling, type VaeConfig } from "@dit/vae";
import type { Dataset } from "../data/dataset";

/** Mean and std of images' latents, by record: one for each image, or two where it may be mirrored. */
export interface MomentStore {
  /** [2, c, h, w] */
  read(record: number): Float32Array;
}

/** Latents of a dataset, and what is said of them. */
export interface Latents extends Omit<Dataset, "imageShape" | "read" | "draw" | "label"> {
  /** [c, h, w] */
  readonly latentShape: Dataset["imageShape"];
  readonly labels: Uint16Array;
  readonly moments: MomentStore;
}

/**
 * Latents as data to train on: what is visited is a sample of the posterior, scaled, a new one at each visit (as in the
 * official training script), of the image or of its mirror image, which was encoded apart.
 */
export function latentDataset({ latentShape, labels, moments, ...data }: Latents, config: VaeConfig): Dataset {
  const [channels, height, width] = latentShape;
  const size = channels * height * width;
  const scaled = scaling(config, height * width);
  const noise = new Float32Array(size);
  const write = (record: Float32Array, out: Float32Array, offset: number) => {
    for (let i = 0; i < size; i++) out[offset + i] = scaled(record[i]! + record[size + i]! * noise[i]!, i);
  };
  const recordOf = (index: number, isMirrored: boolean) => {
    if (index >= 0 && index < labels.length) return moments.read(data.flip ? 2 * index + Number(isMirrored) : index);
    throw new DitError(`image ${index} of ${data.name} is out of range 0..${labels.length - 1}`);
  };
  return {
    ...data,
    imageShape: latentShape,
    label: (index) => labels[index]!,
    read: (index, out, offset) => {
      noise.fill(0);
      write(recordOf(index, false), out, offset);
    },
    draw: (index, isMirrored, key, out, offset) => {
      fillNormal({ ...key, stream: "posterior" }, noise, 0, size);
      write(recordOf(index, isMirrored), out, offset);
    },
  };
}
