import { FormatError } from "@dit/core";
import type { ImageBatch } from "../images/image";
import type { NpzEntry } from "./readNpz";
import { toNumbers } from "./readNpz";
import type { NpzWriter } from "./writeNpz";

/** Mean and covariance that a file brings along. */
export interface StoredMoments {
  /** [D] */
  readonly mean: Float64Array;
  /** [D, D] */
  readonly covariance: Float64Array;
}

/**
 * The statistics of an ADM, pytorch-fid or clean-fid file: `mu` and `sigma` of the features, `mu_s` and `sigma_s` of the
 * spatial ones. Of a reference batch they are over the whole training set, not over the images beside them.
 * @throws FormatError when one of a pair is missing
 */
export async function storedMoments(
  arrays: ReadonlyMap<string, NpzEntry>,
  file: string,
): Promise<{ features?: StoredMoments; spatial?: StoredMoments }> {
  const pair = async (mu: string, sigma: string): Promise<StoredMoments | undefined> => {
    const [mean, covariance] = [arrays.get(mu), arrays.get(sigma)];
    if (mean === undefined && covariance === undefined) return undefined;
    if (mean === undefined || covariance === undefined) {
      throw new FormatError(`${file}: has ${mean ? mu : sigma} but no ${mean ? sigma : mu}`);
    }
    return { mean: toNumbers(await mean.read()), covariance: toNumbers(await covariance.read()) };
  };
  const [features, spatial] = [await pair("mu", "sigma"), await pair("mu_s", "sigma_s")];
  return { ...(features && { features }), ...(spatial && { spatial }) };
}

/** Adds statistics to a file under the names that the others read: `mu`, `sigma`, `mu_s`, `sigma_s`. */
export async function addMoments(
  writer: NpzWriter,
  { features, spatial }: { readonly features?: StoredMoments; readonly spatial?: StoredMoments },
): Promise<void> {
  for (const [moments, suffix] of [
    [features, ""],
    [spatial, "_s"],
  ] as const) {
    if (moments === undefined) continue;
    const n = moments.mean.length;
    await writer.add(`mu${suffix}`, "f8", [n], [moments.mean]);
    await writer.add(`sigma${suffix}`, "f8", [n, n], [moments.covariance]);
  }
}

/** Images that can be read from the beginning as often as wanted. */
export interface ImageSource {
  readonly name: string;
  readonly count: number;
  /** From image `first` on, at most `size` at a time, all of a batch equally large. */
  batches(size: number, first?: number): AsyncGenerator<ImageBatch>;
}

/** `arr_0`, uint8 [N, H, W, 1 or 3], with the classes in `arr_1` if it is there. @throws FormatError when it is not that */
export async function npzImages(arrays: ReadonlyMap<string, NpzEntry>, file: string): Promise<ImageSource | undefined> {
  const entry = arrays.get("arr_0");
  if (entry === undefined) return undefined;
  const { code, shape } = entry.header;
  const [count, height, width, channels] = shape;
  if (code !== "u1" || shape.length !== 4 || (channels !== 1 && channels !== 3)) {
    throw new FormatError(`${file}: arr_0 must be uint8 [N, H, W, 1 or 3], it is ${code} [${shape}]`);
  }
  const stored = await arrays.get("arr_1")?.read();
  if (stored !== undefined && stored.shape[0] !== count) {
    throw new FormatError(`${file}: arr_1 has ${stored.shape[0]} classes for ${count} images`);
  }
  const labels = stored && Int32Array.from(toNumbers(stored));
  return {
    name: file,
    count: count!,
    batches: async function* (size, first = 0) {
      let at = 0;
      for await (const { shape, data } of entry.rows(size)) {
        const rows = shape[0]!;
        const skipped = Math.min(rows, Math.max(0, first - at));
        if (skipped < rows) {
          yield {
            ...{ count: rows - skipped, height: height!, width: width!, channels },
            data: (data as Uint8Array).subarray(skipped * height! * width! * channels),
            ...(labels && { labels: labels.slice(at + skipped, at + rows) }),
          };
        }
        at += rows;
      }
    },
  };
}
