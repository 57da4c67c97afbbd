import { readdirSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { FormatError } from "@dit/core";
import { type ImageSource, npzImages, openNpz } from "@dit/eval-fid";
import { type FileSource, fileSource } from "@dit/eval-fid/node";
import { openDataset } from "../data/openDataset";
import { datasetImages } from "./datasetImages";
import { folderImages } from "./folderImages";
import { joinedImages } from "./joinedImages";

/** Images, and what tells them from others. */
export interface OpenedImages {
  readonly images: ImageSource;
  /** Changes when the images do: features are kept under it. */
  readonly identity: string;
  readonly isJpeg?: boolean;
  close(): Promise<void>;
}

const nothing = async () => {};

/** The digits that `dit train` knows by name. @throws MissingPackageError when they are not installed */
export async function openDigits(name: string): Promise<OpenedImages> {
  const dataset = await openDataset(name);
  return { images: datasetImages(dataset), identity: dataset.fingerprint, close: nothing };
}

/** A folder of pictures, or one of .npz files that hold parts of a set. @throws ConfigError when it holds neither */
export async function openFolder(folder: string): Promise<OpenedImages> {
  const shards = readdirSync(folder).filter((file) => file.endsWith(".npz"));
  if (shards.length > 0) return openShards(folder, shards.sort());
  const images = folderImages(folder);
  const isJpeg = images.files.some((file) => /\.jpe?g$/i.test(file));
  return { images, identity: identityOf(folder, images.files), isJpeg, close: nothing };
}

async function openShards(folder: string, names: readonly string[]): Promise<OpenedImages> {
  const files: FileSource[] = [];
  const close = async () => {
    for (const file of files) await file.close();
  };
  try {
    const parts: ImageSource[] = [];
    for (const name of names) {
      const file = await fileSource(join(folder, name));
      files.push(file);
      const images = await npzImages(await openNpz(file), name);
      if (images === undefined) throw new FormatError(`${join(folder, name)}: holds no images (arr_0)`);
      parts.push(images);
    }
    return { images: joinedImages(basename(folder), parts), identity: identityOf(folder, names), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What tells files in a folder from others of their names, there or elsewhere. */
export function identityOf(folder: string, files: readonly string[]): string {
  const each = files.map((file) => {
    const { size, mtimeMs } = statSync(join(folder, file));
    return `${file} ${size} ${mtimeMs}`;
  });
  return [resolve(folder), ...each].join("\n");
}
