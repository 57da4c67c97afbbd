import { FormatError, readSafetensors, writeSafetensors } from "@dit/core";
import { littleEndianBytes, type SafetensorsSource, toFloat64 } from "@dit/core/internal";
import { type FeatureKind, statisticsFormat as format } from "./featureSet";
import { emptyMoments, type Moments, mergeMoments } from "./moments";
import { type FeatureSettings, requireSameSettings } from "./settings";

/** Moments of a set of images, as a whole or of a part of it (a shard), and how its features were made. */
export interface Statistics {
  readonly settings: FeatureSettings;
  readonly moments: Readonly<Partial<Record<FeatureKind, Moments>>>;
}

/** As safetensors: count, mean and scatter of each kind of feature in float64, settings in the metadata. */
export function writeStatistics({ settings, moments }: Statistics): Uint8Array {
  const tensors: Record<string, SafetensorsSource> = {};
  for (const [kind, { width, mean, scatter }] of Object.entries(moments)) {
    tensors[`${kind}.mean`] = { dtype: "F64", shape: [width], bytes: littleEndianBytes(mean) };
    tensors[`${kind}.scatter`] = { dtype: "F64", shape: [width, width], bytes: littleEndianBytes(scatter) };
  }
  const counts = Object.fromEntries(
    Object.entries(moments).map(([kind, { count }]) => [`${kind}.count`, String(count)]),
  );
  return writeSafetensors(tensors, { format, settings: JSON.stringify(settings), ...counts });
}

/** @throws FormatError when the file is something else, or damaged */
export function readStatistics(bytes: Uint8Array, file: string): Statistics {
  const { metadata, tensors } = readSafetensors(bytes);
  if (metadata.format !== format) {
    throw new FormatError(`${file}: holds no statistics (format ${metadata.format ?? "none"})`);
  }
  const moments: Partial<Record<FeatureKind, Moments>> = {};
  for (const name of tensors.keys()) {
    const kind = /^(features|spatial|logits)\.mean$/.exec(name)?.[1] as FeatureKind | undefined;
    if (kind === undefined) continue;
    const [mean, scatter] = [toFloat64(tensors.get(name)!), tensors.get(`${kind}.scatter`)];
    const count = Number(metadata[`${kind}.count`]);
    if (scatter === undefined || !Number.isInteger(count)) throw new FormatError(`${file}: ${kind} is incomplete`);
    moments[kind] = { width: mean.length, count, mean: mean.slice(), scatter: toFloat64(scatter).slice() };
  }
  return { settings: JSON.parse(metadata.settings!) as FeatureSettings, moments };
}

/**
 * The statistics of all images of several shards, in whatever order.
 * @throws ConfigError naming the difference when two shards were made differently
 */
export function mergeStatistics(shards: readonly Statistics[], names: readonly string[]): Statistics {
  const [first] = shards;
  if (first === undefined) throw new FormatError("there are no statistics to merge");
  const moments: Partial<Record<FeatureKind, Moments>> = {};
  shards.forEach((shard, i) => {
    requireSameSettings(first.settings, shard.settings, [names[0]!, names[i]!]);
    for (const [kind, part] of Object.entries(shard.moments) as [FeatureKind, Moments][]) {
      moments[kind] ??= emptyMoments(part.width);
      mergeMoments(moments[kind], part);
    }
  });
  return { settings: first.settings, moments };
}
