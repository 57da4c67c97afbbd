import type { Backend } from "@dit/core";
import { bootstrapOf, fidOfRows, fitInverse, gaussianOf } from "@dit/eval-fid";
import type { Findings } from "./check";
import { features } from "./evalFeatures";
import { noteScalar, rowsAt, within } from "./evalScalars";
import type { Fixture } from "./fixture";

interface StoredBootstrap {
  readonly fid_mean: number;
  readonly std_sample_ddof1: number;
  readonly "percentile_2.5_linear": number;
  readonly "percentile_97.5_linear": number;
}

/** FIDs of subsets of growing size, the line through them, and those of resampled rows. */
export async function evalExtrapolation(fixture: Fixture, _backend: Backend, findings: Findings): Promise<void> {
  const fake = features(fixture, "fake");
  const real = gaussianOf(features(fixture, "real"));
  const sizes = Array.from(fixture.stored("sizes").data);
  const orders = rowsAt(fixture, "orders");
  const distances = sizes.map((size, i) => fidOfRows(real, fake, Array.from(orders[i]!).slice(0, size)));
  findings.compare("fid", "fid_per_size", { shape: [sizes.length], data: distances });
  const { intercept, slope } = fitInverse(sizes, distances);
  const note = (ours: number, stored: number, name: string) =>
    noteScalar(findings, "line and interval", within(1e-8, "relative"), ours, stored, name);
  note(intercept, fixture.setting("intercept_fid_infinity"), "intercept");
  note(slope, fixture.setting("slope"), "slope");

  const resampled = rowsAt(fixture, "bootstrap_rows").map((rows) => fidOfRows(real, fake, rows));
  findings.compare("fid", "bootstrap_fid", { shape: [resampled.length], data: resampled });
  const stored = fixture.setting<StoredBootstrap>("bootstrap");
  const { mean, std, interval } = bootstrapOf(resampled);
  note(mean, stored.fid_mean, "bootstrap mean");
  note(std, stored.std_sample_ddof1, "bootstrap std");
  note(interval[0], stored["percentile_2.5_linear"], "2.5th percentile");
  note(interval[1], stored["percentile_97.5_linear"], "97.5th percentile");
}
