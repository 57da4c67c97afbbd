import { checkModel, type ModelConfig } from "../define/model";
import type { StreamKey } from "../host/rng";
import { ConfigError } from "../ir/errors";

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

/** @throws ConfigError for images that the model does not take, for more classes than it knows, and where there is no image */
export function requireFit(model: ModelConfig, data: Dataset): void {
  checkModel(model);
  const { dit } = model;
  const [channels, height, width] = data.imageShape;
  const [wantedHeight, wantedWidth] = dit.inputSize;
  if (channels !== dit.inChannels || height !== wantedHeight || width !== wantedWidth) {
    throw new ConfigError(
      `the data's images are ${channels}x${height}x${width}, the model takes ${dit.inChannels}x${wantedHeight}x${wantedWidth}`,
    );
  }
  if (dit.numClasses > 0 && data.classNames.length > dit.numClasses) {
    throw new ConfigError(`the data has ${data.classNames.length} classes, the model knows ${dit.numClasses}`);
  }
  if (data.size === 0) throw new ConfigError("the data holds no image");
}
