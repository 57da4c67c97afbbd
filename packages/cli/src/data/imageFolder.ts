import { readFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { ConfigError } from "@dit/core";
import { fitSquare, luma, type RgbImage } from "@dit/core/internal";
import type { Dataset } from "./dataset";
import { decodeImage, type Sharp } from "./decodeImage";
import { type FolderContent, folderContent } from "./folderContent";
import { memoryDataset } from "./memoryDataset";

export interface ImageFolderOptions {
  /** Height and width of the images, in pixels. */
  readonly size: number;
  /** 1: grey, 3: colour (the default). */
  readonly channels?: 1 | 3;
  /** Whether left-right flips make sense; true unless told otherwise, as in the official training. */
  readonly flip?: boolean;
  /** For tests: how the optional package `sharp` is found. */
  readonly loadSharp?: () => Promise<Sharp | undefined>;
}

interface ImageFile {
  readonly path: string;
  /** Relative to the dataset's folder, for messages. */
  readonly shown: string;
  readonly label: number;
}

/**
 * A folder with one sub-folder per class, in the order of their names: `cats/*.png`, `dogs/*.png`.
 * All images are decoded once, at opening, into memory: size * size * channels bytes each.
 * @throws ConfigError for a folder without classes or images, or an image smaller than `size`; FormatError for a damaged image.
 */
export async function imageFolder(folder: string, options: ImageFolderOptions): Promise<Dataset> {
  const { size, channels = 3, flip = true, loadSharp } = options;
  const classNames = listClasses(folder);
  const images = classNames.flatMap((name, label) => listImages(folder, name, label));
  const imageBytes = size * size * channels;
  const pixels = new Uint8Array(images.length * imageBytes);
  const labels = Uint16Array.from(images, (image) => image.label);
  for (const [i, image] of images.entries()) {
    const decoded = await decodeImage(await readFile(image.path), image.shown, loadSharp);
    if (Math.min(decoded.width, decoded.height) < size) {
      throw new ConfigError(
        `${image.shown}: ${decoded.width} x ${decoded.height} pixels is smaller than imageSize ${size}; remove the image or use a smaller imageSize`,
      );
    }
    writePlanes(fitSquare(decoded, size), channels, pixels.subarray(i * imageBytes, (i + 1) * imageBytes));
  }
  // Only the folder's own name: a whole path would put the user's name into the run's files.
  const name = `folder:${basename(resolve(folder))}`;
  return memoryDataset({ name, classNames, imageShape: [channels, size, size], flip, pixels, labels });
}

function listClasses(folder: string): readonly string[] {
  const { folders: names } = contentOf(folder);
  if (names.length === 0) {
    throw new ConfigError(
      `${folder}: no class folders in it; put the images of each class into a sub-folder of its own`,
    );
  }
  if (names.length > 65535)
    throw new ConfigError(`${folder}: ${names.length} class folders; at most 65,535 are possible`);
  return names;
}

function listImages(folder: string, className: string, label: number): ImageFile[] {
  const { images: names } = contentOf(join(folder, className));
  if (names.length === 0) {
    throw new ConfigError(`${join(folder, className)}: no images in this class folder (.png, .jpg, .jpeg or .webp)`);
  }
  return names.map((name) => ({ path: join(folder, className, name), shown: join(className, name), label }));
}

function contentOf(folder: string): FolderContent {
  try {
    return folderContent(folder);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const why = code === "ENOENT" ? "there is no such folder" : code === "ENOTDIR" ? "this is not a folder" : code;
    throw new ConfigError(`${folder}: ${why}; data must be folder:DIR with one sub-folder per class`, { cause });
  }
}

function writePlanes(image: RgbImage, channels: 1 | 3, out: Uint8Array): void {
  const area = image.width * image.height;
  for (let i = 0; i < area; i++) {
    const red = image.data[i * 3]!;
    const green = image.data[i * 3 + 1]!;
    const blue = image.data[i * 3 + 2]!;
    if (channels === 1) {
      out[i] = luma(red, green, blue);
    } else {
      out[i] = red;
      out[area + i] = green;
      out[2 * area + i] = blue;
    }
  }
}
