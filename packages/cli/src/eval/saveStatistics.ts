import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { ConfigError } from "@dit/core";
import {
  addMoments,
  covarianceOf,
  type FeatureRows,
  momentsOf,
  npzWriter,
  type Side,
  statisticsOf,
  writeStatistics,
} from "@dit/eval-fid";
import { atomicWrite } from "../run/atomicWrite";

/** What the statistics of all classes may take; those of ImageNet's by Inception would be 33 GB. */
const largestByClass = 2 ** 30;

/**
 * Writes a side's statistics: as an .npz file of pytorch-fid and clean-fid, or, where the name ends in .safetensors, as a file of
 * this project, which merges with others of its kind and says how the features were made.
 * @throws ConfigError when it has no features
 */
export async function saveStatistics(file: string, side: Side): Promise<void> {
  mkdirSync(dirname(file), { recursive: true });
  atomicWrite(file, file.endsWith(".safetensors") ? mergeable(side) : await npz(side));
}

function mergeable({ name, set, settings }: Side): Uint8Array {
  if (set?.rows.features === undefined || settings === undefined) {
    throw new ConfigError(
      `${name} has no features of which statistics that merge could be saved; an .npz file could be`,
    );
  }
  const bytes = new Set(set.labels).size * set.rows.features.width ** 2 * Float64Array.BYTES_PER_ELEMENT;
  return writeStatistics(statisticsOf(set, settings, { byClass: bytes <= largestByClass }));
}

async function npz({ name, set, moments }: Side): Promise<Uint8Array> {
  const fit = (rows: FeatureRows) => {
    const seen = momentsOf(rows);
    return { mean: seen.mean, covariance: covarianceOf(seen) };
  };
  const features = moments?.features ?? (set?.rows.features && fit(set.rows.features));
  const spatial = moments?.spatial ?? (set?.rows.spatial && fit(set.rows.spatial));
  if (features === undefined) throw new ConfigError(`${name} has no features of which statistics could be saved`);
  const pieces: Uint8Array[] = [];
  const writer = npzWriter((bytes) => {
    pieces.push(bytes);
  });
  await addMoments(writer, { features, ...(spatial && { spatial }) });
  await writer.finish();
  return Buffer.concat(pieces);
}
