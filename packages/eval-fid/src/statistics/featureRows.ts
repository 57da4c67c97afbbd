import { ConfigError, FormatError } from "@dit/core";

/** Features of images, one row an image: [count, width] row-major. */
export interface FeatureRows {
  readonly count: number;
  readonly width: number;
  readonly data: Float32Array | Float64Array;
}

/** @throws FormatError when `data` does not fill whole rows, or holds what is no finite number: metrics would be NaN. */
export function featureRows(data: Float32Array | Float64Array, width: number): FeatureRows {
  if (!(width > 0) || data.length % width !== 0) {
    throw new FormatError(`${data.length} numbers are no whole rows of ${width} features`);
  }
  const wrong = data.findIndex((x) => !Number.isFinite(x));
  if (wrong !== -1) {
    throw new FormatError(
      `feature ${wrong % width} of image ${Math.floor(wrong / width)} is ${data[wrong]}; metrics need finite features`,
    );
  }
  return { count: data.length / width, width, data };
}

/** The rows at `indices`, in that order, as a copy. */
export function selectRows({ data, width }: FeatureRows, indices: ArrayLike<number>): FeatureRows {
  const out = new (data.constructor as Float32ArrayConstructor)(indices.length * width);
  for (let i = 0; i < indices.length; i++) {
    out.set(data.subarray(indices[i]! * width, (indices[i]! + 1) * width) as Float32Array, i * width);
  }
  return { count: indices.length, width, data: out };
}

/** @throws ConfigError when two sets were not made by one network */
export function requireSameWidth(real: FeatureRows, fake: FeatureRows): void {
  if (real.width !== fake.width) {
    throw new ConfigError(`the reference has ${real.width} features an image, the samples have ${fake.width}`);
  }
}
