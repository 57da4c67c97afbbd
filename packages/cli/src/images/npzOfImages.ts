import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { Model } from "@dit/core";
import { npzWriter } from "@dit/eval-fid";
import { unfinishedFile } from "../run/atomicWrite";

/** An .npz file of images that are drawn while it is written. */
export interface NpzOfImages {
  /** The next images' bytes, [n, H, W, C]. They must add up to as many images as there are labels. */
  add(bytes: Uint8Array): Promise<void>;
  finish(): Promise<void>;
  discard(): void;
}

/**
 * Begins an .npz file as evaluation suites read it: `arr_0` uint8 [N, H, W, C], `arr_1` labels. Images go to the disk as they
 * come, so that 50,000 of 256 x 256 (9.8 GB) need no memory.
 */
export async function npzOfImages(path: string, { config }: Model, labels: readonly number[]): Promise<NpzOfImages> {
  mkdirSync(dirname(path), { recursive: true });
  const file = unfinishedFile(path);
  const writer = npzWriter(file.write);
  const { inChannels, inputSize } = config.dit;
  const images = await writer.begin("arr_0", "u1", [labels.length, ...inputSize, inChannels]);
  return {
    add: images.put,
    finish: async () => {
      await images.end();
      await writer.add("arr_1", "i8", [labels.length], [BigInt64Array.from(labels, BigInt)]);
      await writer.finish();
      file.finish();
    },
    discard: file.discard,
  };
}
