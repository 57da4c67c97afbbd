// What touches files, for Node.
import { open } from "node:fs/promises";
import { basename } from "node:path";
import type { ByteSource } from "./npz/byteSource";

/** A file on the disk, which `close` lets go. */
export interface FileSource extends ByteSource {
  close(): Promise<void>;
}

/** Opens a file for reading anywhere in it, whatever its size. */
export async function fileSource(path: string): Promise<FileSource> {
  const handle = await open(path, "r");
  const { size } = await handle.stat();
  return {
    name: basename(path),
    size,
    read: async (offset, length) => {
      const bytes = new Uint8Array(length);
      // One read may give less than asked for.
      for (let at = 0; at < length; ) {
        const { bytesRead } = await handle.read(bytes, at, length - at, offset + at);
        if (bytesRead === 0) throw new Error(`${path} became shorter while it was read`);
        at += bytesRead;
      }
      return bytes;
    },
    close: () => handle.close(),
  };
}
