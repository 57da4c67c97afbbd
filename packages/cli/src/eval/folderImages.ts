import { realpathSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, join, resolve, sep } from "node:path";
import { ConfigError } from "@dit/core";
import type { RgbImage } from "@dit/core/internal";
import type { ImageBatch, ImageSource } from "@dit/eval-fid";
import { decodeImage } from "../data/decodeImage";
import { folderContent } from "../data/folderContent";

/**
 * The images in a folder and its sub-folders, in the order of their names, which is the same on every machine. Where
 * every image lies in a sub-folder, those are the classes.
 * @throws ConfigError when there is none
 */
export function folderImages(folder: string): ImageSource & { readonly files: readonly string[] } {
  const files = imagesUnder(folder).sort();
  if (files.length === 0) throw new ConfigError(`${folder}: no images in it (.png, .jpg, .jpeg or .webp)`);
  const classOf = (file: string) => (file.includes(sep) ? file.split(sep)[0]! : undefined);
  const classes = [...new Set(files.map(classOf))];
  const hasClasses = !classes.includes(undefined);
  return {
    name: basename(resolve(folder)),
    count: files.length,
    files,
    batches: async function* (size, first = 0) {
      let batch: RgbImage[] = [];
      let labels: number[] = [];
      for (const file of files.slice(first)) {
        const image = await decodeImage(await readFile(join(folder, file)), file);
        const isOther = batch[0] !== undefined && (batch[0].width !== image.width || batch[0].height !== image.height);
        if (batch.length === size || isOther) {
          yield batchOf(batch, hasClasses ? labels : undefined);
          [batch, labels] = [[], []];
        }
        batch.push(image);
        labels.push(classes.indexOf(classOf(file)));
      }
      if (batch.length > 0) yield batchOf(batch, hasClasses ? labels : undefined);
    },
  };
}

/** By their paths from the folder. A link that leads to a folder around it is not followed: its images are there already. */
function imagesUnder(folder: string, around: readonly string[] = []): string[] {
  const real = realpathSync(folder);
  if (around.includes(real)) return [];
  const { images, folders } = folderContent(folder);
  const below = folders.flatMap((name) =>
    imagesUnder(join(folder, name), [...around, real]).map((file) => join(name, file)),
  );
  return [...images, ...below];
}

function batchOf(images: readonly RgbImage[], labels: readonly number[] | undefined): ImageBatch {
  const { width, height } = images[0]!;
  const data = new Uint8Array(images.length * width * height * 3);
  for (const [i, image] of images.entries()) data.set(image.data, i * width * height * 3);
  return { count: images.length, width, height, channels: 3, data, ...(labels && { labels: Int32Array.from(labels) }) };
}
