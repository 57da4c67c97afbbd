import type { StreamKey } from "../host/rng";

/** Labelled images, all of one size, readable in any order. */
export interface Dataset {
  readonly imageShape: readonly [channels: number, height: number, width: number];
  readonly classNames: readonly string[];
  readonly size: number;
  /** Whether a picture mirrored left to right is still a picture of its class. */
  readonly flip: boolean;
  /** The class of image `index`, 0..size-1. */
  label(index: number): number;
  /** Writes image `index` into `out` from `offset`: channels, rows, columns, values in [-1, 1]. */
  read(index: number, out: Float32Array, offset: number): void;
  /**
   * For latents, of which an image has many: writes one of image `index` into `out`, or of its mirror image, that is drawn
   * by `key`. Where it is absent an image is read, and mirrored by its columns.
   */
  readonly draw?: (
    index: number,
    isMirrored: boolean,
    key: Omit<StreamKey, "stream">,
    out: Float32Array,
    offset: number,
  ) => void;
}
