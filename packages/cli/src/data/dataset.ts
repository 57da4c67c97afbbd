import { ConfigError, type Dataset as TrainingData } from "@dit/core";

/** What `train` reads, and what a run's manifest says of it. */
export interface Dataset extends TrainingData {
  /** What the user asked for, such as `digits` or `folder:cats`. */
  readonly name: string;
  /** A hash of everything the model gets to see. */
  readonly fingerprint: string;
}

/** The two parts of a dataset: one to learn from and one, never learned from, to measure on. */
export interface Split {
  readonly train: Dataset;
  readonly validation: Dataset;
}

/**
 * Holds out `validationFraction` of `dataset` (0 holds out nothing). Which images are held out depends on `seed` and the number of images alone:
 * not on the training seed, the batch size or the backend, so that validation losses of different runs can be compared.
 * @throws ConfigError when the fraction would leave either part empty.
 */
export function split(dataset: Dataset, validationFraction: number, seed: number): Split {
  if (!(validationFraction >= 0 && validationFraction < 1)) {
    throw new ConfigError(`validation is ${validationFraction}, allowed: a fraction from 0 to below 1`);
  }
  // At least one image as soon as validation is asked for: a loss over nothing would be NaN.
  const heldOut = validationFraction === 0 ? 0 : Math.max(1, Math.round(dataset.size * validationFraction));
  if (heldOut >= dataset.size) {
    throw new ConfigError(
      `validation ${validationFraction} of ${dataset.size} images in ${dataset.name} leaves none to train on; use a smaller fraction or more images`,
    );
  }
  const keys = Uint32Array.from({ length: dataset.size }, (_, index) => hash(index, seed));
  const order = Uint32Array.from(keys, (_, index) => index).sort((a, b) => keys[a]! - keys[b]! || a - b);
  // Ascending again inside each part, so that neighbours in memory stay neighbours.
  const validation = order.slice(0, heldOut).sort();
  const train = order.slice(heldOut).sort();
  const origin = `${validationFraction}/${seed}`;
  return {
    train: subset(dataset, train, `${dataset.fingerprint}/train/${origin}`),
    validation: subset(dataset, validation, `${dataset.fingerprint}/validation/${origin}`),
  };
}

/** The images of `dataset` at `indices`, in that order. */
export function subset(dataset: Dataset, indices: Uint32Array, fingerprint: string): Dataset {
  const { draw } = dataset;
  const at = (index: number): number => {
    const resolved = indices[index];
    if (resolved === undefined)
      throw new RangeError(`image ${index} of ${dataset.name} is out of range 0..${indices.length - 1}`);
    return resolved;
  };
  return {
    name: dataset.name,
    classNames: dataset.classNames,
    imageShape: dataset.imageShape,
    flip: dataset.flip,
    size: indices.length,
    fingerprint,
    label: (index) => dataset.label(at(index)),
    read: (index, out, offset) => dataset.read(at(index), out, offset),
    ...(draw === undefined ? {} : { draw: (index, ...rest) => draw(at(index), ...rest) }),
  };
}

/** A 32-bit mix of two integers (the finaliser of MurmurHash3, once per word); seeds may exceed 32 bits. */
function hash(index: number, seed: number): number {
  let h = 0x9e3779b9;
  for (const word of [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0, index]) {
    h = (h ^ word) >>> 0;
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    h = (h ^ (h >>> 16)) >>> 0;
  }
  return h;
}
