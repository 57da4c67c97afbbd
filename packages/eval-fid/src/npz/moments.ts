import { FormatError } from "@dit/core";
import { type NpzEntry, toNumbers } from "./readNpz";
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
