import { createHash } from "node:crypto";
import type { Dataset } from "./dataset";

/** Images as bytes in memory, and what they show. */
export interface MemoryImages {
  readonly name: string;
  readonly classNames: readonly string[];
  readonly imageShape: readonly [channels: number, height: number, width: number];
  readonly flip: boolean;
  /** All images after each other, each as channels, rows, columns (CHW). */
  readonly pixels: Uint8Array;
  /** One class index per image. */
  readonly labels: Uint8Array | Uint16Array;
}

/** A dataset over bytes in memory. Its fingerprint covers pixels, labels, shape and class names. */
export function memoryDataset(images: MemoryImages): Dataset {
  const { name, classNames, imageShape, flip, pixels, labels } = images;
  const [channels, height, width] = imageShape;
  const imageSize = channels * height * width;
  if (pixels.length !== imageSize * labels.length) {
    throw new RangeError(
      `${name} has ${pixels.length} bytes for ${labels.length} images of [${imageShape}], expected ${imageSize * labels.length}`,
    );
  }
  const check = (index: number): void => {
    if (!(index >= 0 && index < labels.length))
      throw new RangeError(`image ${index} of ${name} is out of range 0..${labels.length - 1}`);
  };
  return {
    name,
    classNames,
    imageShape,
    flip,
    size: labels.length,
    fingerprint: fingerprintOf(images),
    label(index) {
      check(index);
      return labels[index]!;
    },
    read(index, out, offset) {
      check(index);
      const start = index * imageSize;
      for (let i = 0; i < imageSize; i++) out[offset + i] = signed[pixels[start + i]!]!;
    },
  };
}

/** Byte to [-1, 1] as the official preprocessing does it in float32, bit for bit: x / 255, then (x - 0.5) / 0.5. */
const signed = Float32Array.from({ length: 256 }, (_, byte) => {
  return Math.fround(Math.fround(byte / 255) - 0.5) / 0.5;
});

function fingerprintOf({ classNames, imageShape, pixels, labels }: MemoryImages): string {
  const hash = createHash("sha256");
  hash.update(JSON.stringify({ classNames, imageShape }));
  // As plain numbers: the bytes of a Uint16Array would depend on the machine and on the array type.
  hash.update(Uint8Array.from({ length: labels.length * 2 }, (_, i) => (labels[i >> 1]! >> (8 * (i & 1))) & 255));
  hash.update(pixels);
  return `sha256:${hash.digest("hex")}`;
}
