import { mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { flushFolder, temporaryName, writeFlushed } from "./atomicWrite";

/** Writes a new folder of files, whole or not at all. */
export function writeFolder(out: string, files: Readonly<Record<string, Iterable<Uint8Array>>>): void {
  const temporary = temporaryName(out);
  try {
    mkdirSync(temporary, { recursive: true });
    for (const [name, pieces] of Object.entries(files)) writeFlushed(join(temporary, name), pieces);
    flushFolder(temporary);
    renameSync(temporary, out);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw error;
  }
}
