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
import type { Progress } from "../output/progress";
import { atomicWrite } from "../run/atomicWrite";

/** Bytes that the statistics of all classes may take; those of ImageNet's by Inception would be 33 GB. */
const largestByClass = 2 ** 30;

/**
 * Writes a side's statistics: as an .npz file of pytorch-fid and clean-fid, or, where the name ends in .safetensors, as a file of
 * this project, which merges with others of its kind and says how the features were made. Class by class only where those of
 * all classes take no more than a gibibyte, which is noted otherwise.
 * @throws ConfigError when it has no features
 */
export async function saveStatistics(file: string, side: Side, { note }: Pick<Progress, "note">): Promise<void> {
  const bytes = file.endsWith(".safetensors") ? mergeable(side, note) : await npz(side);
  mkdirSync(dirname(file), { recursive: true });
  atomicWrite(file, bytes);
}

function mergeable({ name, set, settings }: Side, note: (text: string) => void): Uint8Array {
  if (set?.rows.features === undefined || settings === undefined) {
    throw new ConfigError(
      `statistics that merge are made of images, or of features saved by dit eval, and ${name} has neither: save them to a file that ends in .npz`,
    );
  }
  const classes = new Set(set.labels).size;
  const bytes = classes * set.rows.features.width ** 2 * Float64Array.BYTES_PER_ELEMENT;
  const byClass = bytes <= largestByClass;
  if (!byClass) {
    const size = (bytes / 2 ** 30).toPrecision(3);
    note(`the statistics of ${classes} classes would take ${size} GiB, more than 1: only those of the whole are saved`);
  }
  return writeStatistics(statisticsOf(set, settings, { byClass }));
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
