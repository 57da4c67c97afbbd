import { type Dirent, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { isImageFile } from "./decodeImage";

/** What counts of a folder, by name. */
export interface FolderContent {
  readonly folders: readonly string[];
  readonly images: readonly string[];
}

/**
 * The sub-folders and the images in a folder; what is hidden is left out: macOS leaves `._photo.png` companions that are no
 * images. A link counts as what it leads to.
 */
export function folderContent(folder: string): FolderContent {
  const entries = readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !name.startsWith("."))
    .map((entry) => ({ name: entry.name, isFolder: isFolder(folder, entry) }))
    // By UTF-16 code units, not by locale: class numbers must be the same on every machine.
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    folders: entries.filter(({ isFolder }) => isFolder).map(({ name }) => name),
    images: entries.filter(({ name, isFolder }) => !isFolder && isImageFile(name)).map(({ name }) => name),
  };
}

function isFolder(parent: string, entry: Dirent): boolean {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  return statSync(join(parent, entry.name), { throwIfNoEntry: false })?.isDirectory() ?? false;
}
