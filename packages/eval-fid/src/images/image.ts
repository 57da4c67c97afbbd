import { DitError } from "@dit/core";

/** An image of red, green and blue bytes, [height, width, 3]. */
export interface Image {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** A square image of floats, [size, size, 3]. */
export type Pixels = Float32Array;

/** Images of one size, [count, height, width, channels], with their classes where they are known. */
export interface ImageBatch {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  readonly data: Uint8Array;
  readonly labels?: Int32Array;
}

/** Images that can be read from the beginning as often as wanted. */
export interface ImageSource {
  readonly name: string;
  readonly count: number;
  /** From image `first` on, at most `size` at a time, all of a batch equally large. */
  batches(size: number, first?: number): AsyncGenerator<ImageBatch>;
}

/** Image `i` of a batch in colour; grey becomes three equal channels. @throws DitError when there is none */
export function imageOf({ count, height, width, channels, data }: ImageBatch, i: number): Image {
  if (!(i >= 0 && i < count)) throw new DitError(`there is no image ${i} in a batch of ${count}`);
  const values = height * width * channels;
  const own = data.subarray(i * values, (i + 1) * values);
  if (channels === 3) return { width, height, data: own };
  const colour = new Uint8Array(values * 3);
  for (let p = 0; p < colour.length; p++) colour[p] = own[Math.floor(p / 3)]!;
  return { width, height, data: colour };
}
