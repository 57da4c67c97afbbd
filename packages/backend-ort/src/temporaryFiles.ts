import { DitError } from "@dit/core";

/** Files of a model, by name, whose pieces are made as they are written. */
export type Files = Readonly<Record<string, Iterable<Uint8Array>>>;

/** A folder on the disk for as long as something reads it. */
export interface TemporaryFolder {
  readonly path: string;
  /** Removes the folder. Where the system does not part with files in use, it stays; the next call tries again. */
  remove(): void;
}

const prefix = "dit-ort-";

/**
 * Writes files to a folder of their own among the system's temporary ones. What processes that were killed while they
 * did so have left there goes first.
 * @throws DitError when the disk does not take them
 */
export async function writeTemporary(files: Files): Promise<TemporaryFolder> {
  const [fs, { tmpdir }, { join }, node] = await Promise.all([
    import("node:fs"),
    import("node:os"),
    import("node:path"),
    import("@dit/core/node"),
  ]);
  /** Whether `name` is a folder of this kind whose process is gone. */
  const isAbandoned = (name: string) => {
    const pid = Number(new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1] ?? process.pid);
    return pid !== process.pid && !node.isOtherProcess(pid);
  };
  let path: string | undefined;
  try {
    for (const name of fs.readdirSync(tmpdir())) if (isAbandoned(name)) removeIfFree(fs, join(tmpdir(), name));
    const folder = fs.mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`));
    path = folder;
    for (const [name, pieces] of Object.entries(files)) {
      const handle = fs.openSync(join(folder, name), "wx");
      try {
        for (const bytes of pieces) node.writeWhole(handle, bytes);
      } finally {
        fs.closeSync(handle);
      }
    }
    return { path: folder, remove: () => removeIfFree(fs, folder) };
  } catch (cause) {
    if (path !== undefined) removeIfFree(fs, path);
    throw new DitError(
      `the weights cannot be written to a temporary file: ${(cause as Error).message} (TMPDIR names another folder)`,
      { cause },
    );
  }
}

type FileSystem = typeof import("node:fs");

function removeIfFree(fs: FileSystem, path: string): void {
  try {
    fs.rmSync(path, { recursive: true, force: true });
  } catch {
    // Windows keeps mapped files, and others' files may not be ours to remove.
  }
}
