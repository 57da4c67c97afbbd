import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { ConfigError } from "@dit/core";
import { addMoments, covarianceOf, type FeatureRows, momentsOf, npzWriter, type Side } from "@dit/eval-fid";
import { atomicWrite } from "../run/atomicWrite";

/** Writes a side's statistics as an .npz file of ADM and pytorch-fid. @throws ConfigError when it has no features */
export async function saveStatistics(file: string, { name, set, moments }: Side): Promise<void> {
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
  mkdirSync(dirname(file), { recursive: true });
  atomicWrite(file, Buffer.concat(pieces));
}
