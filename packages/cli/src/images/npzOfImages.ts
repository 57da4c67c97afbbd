import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { type NpzArrayWriter, npzWriter } from "@dit/eval-fid";
import { unfinishedFile } from "../run/atomicWrite";
import type { ByteImages } from "./toBytes";

/** An .npz file of images that are drawn while it is written. */
export interface NpzOfImages {
  /** The next images. They must add up to as many as there are labels. */
  add(images: ByteImages): Promise<void>;
  finish(): Promise<void>;
  discard(): void;
}

/**
 * Begins an .npz file as evaluation suites read it: `arr_0` uint8 [N, H, W, C], `arr_1` labels. Images go to the disk as they
 * come, so that 50,000 of 256 x 256 (9.8 GB) need no memory.
 */
export function npzOfImages(path: string, labels: readonly number[]): NpzOfImages {
  mkdirSync(dirname(path), { recursive: true });
  const file = unfinishedFile(path);
  const writer = npzWriter(file.write);
  let begun: Promise<NpzArrayWriter> | undefined;
  return {
    add: async ({ shape: [, ...image], data }) => {
      begun ??= writer.begin("arr_0", "u1", [labels.length, ...image]);
      await (await begun).put(data);
    },
    finish: async () => {
      await (await begun)?.end();
      await writer.add("arr_1", "i8", [labels.length], [BigInt64Array.from(labels, BigInt)]);
      await writer.finish();
      file.finish();
    },
    discard: file.discard,
  };
}
