import { ConfigError, FormatError, readSafetensors, writeSafetensors } from "@dit/core";
import { littleEndianBytes, type SafetensorsSource, sameShape, toFloat64 } from "@dit/core/internal";
import { type FeatureKind, type FeatureSet, statisticsFormat as format, ofClass } from "./featureSet";
import { emptyMoments, type Moments, mergeMoments, momentsOf } from "./moments";
import { type FeatureSettings, requireSameSettings, settingsIn } from "./settings";

/** Moments of a set of images, as a whole or of a part of it (a shard), and how its features were made. */
export interface Statistics {
  readonly settings: FeatureSettings;
  readonly moments: Readonly<Partial<Record<FeatureKind, Moments>>>;
  /** Of the features of each class, where they were kept. */
  readonly classes?: ReadonlyMap<number, Moments>;
}

/** The statistics of a set; `byClass` those of each class too, which take as much memory as those of the whole, every one. */
export function statisticsOf(
  set: FeatureSet,
  settings: FeatureSettings,
  { byClass = false }: { readonly byClass?: boolean } = {},
): Statistics {
  const moments = Object.fromEntries(Object.entries(set.rows).map(([kind, rows]) => [kind, momentsOf(rows)]));
  if (!byClass || set.labels === undefined) return { settings, moments };
  const labels = [...new Set(set.labels)].sort((a, b) => a - b);
  return { settings, moments, classes: new Map(labels.map((label) => [label, momentsOf(ofClass(set, label)!)])) };
}

/** As safetensors: count, mean and scatter of each kind of feature, and of each class, in float64; settings in the metadata. */
export function writeStatistics({ settings, moments, classes }: Statistics): Uint8Array {
  const ofClasses = Array.from(classes ?? [], ([label, part]) => [`class.${label}`, part] as const);
  const all = [...Object.entries(moments), ...ofClasses];
  const tensors: Record<string, SafetensorsSource> = {};
  for (const [name, { width, mean, scatter }] of all) {
    tensors[`${name}.mean`] = { dtype: "F64", shape: [width], bytes: littleEndianBytes(mean) };
    tensors[`${name}.scatter`] = { dtype: "F64", shape: [width, width], bytes: littleEndianBytes(scatter) };
  }
  const counts = Object.fromEntries(all.map(([name, { count }]) => [`${name}.count`, String(count)]));
  return writeSafetensors(tensors, { format, settings: JSON.stringify(settings), ...counts });
}

/** @throws FormatError when the file is something else, or damaged */
export function readStatistics(bytes: Uint8Array, file: string): Statistics {
  const { metadata, tensors } = readSafetensors(bytes);
  if (metadata.format !== format) {
    throw new FormatError(`${file}: holds no statistics (format ${metadata.format ?? "none"})`);
  }
  const momentsNamed = (name: string): Moments => {
    const [mean, scatter] = [tensors.get(`${name}.mean`)!, tensors.get(`${name}.scatter`)];
    const count = Number(metadata[`${name}.count`]);
    if (scatter === undefined || !Number.isInteger(count)) throw new FormatError(`${file}: ${name} is incomplete`);
    const [width = 0] = mean.shape;
    if (!sameShape(mean.shape, [width]) || !sameShape(scatter.shape, [width, width])) {
      throw new FormatError(
        `${file}: ${name} must have a mean [D] and a scatter [D, D], they are [${mean.shape}] and [${scatter.shape}]`,
      );
    }
    return { width, count, mean: toFloat64(mean).slice(), scatter: toFloat64(scatter).slice() };
  };
  const moments: Partial<Record<FeatureKind, Moments>> = {};
  const classes = new Map<number, Moments>();
  for (const tensor of tensors.keys()) {
    const [, kind, label] = /^(?:(features|spatial|logits)|class\.(-?\d+))\.mean$/.exec(tensor) ?? [];
    if (kind !== undefined) moments[kind as FeatureKind] = momentsNamed(kind);
    if (label !== undefined) classes.set(Number(label), momentsNamed(`class.${label}`));
  }
  return { settings: settingsIn(metadata, file), moments, ...(classes.size > 0 && { classes }) };
}

/**
 * The statistics of all images of several shards, given with their names in whatever order; those of the classes if every
 * shard has them. Shards that are read as they are asked for are in memory one at a time.
 * @throws ConfigError naming the difference when two shards were made differently
 */
export function mergeStatistics(shards: Iterable<readonly [name: string, shard: Statistics]>): Statistics {
  let first: { name: string; settings: FeatureSettings; kinds: string } | undefined;
  const moments = new Map<FeatureKind, Moments>();
  let classes: Map<number, Moments> | undefined = new Map();
  for (const [name, shard] of shards) {
    const kinds = Object.keys(shard.moments).sort().join(", ");
    first ??= { name, settings: shard.settings, kinds };
    requireSameSettings(first.settings, shard.settings, [first.name, name]);
    if (kinds !== first.kinds)
      throw new ConfigError(`${first.name} has statistics of ${first.kinds}, ${name} of ${kinds}`);
    addMomentsTo(moments, Object.entries(shard.moments) as [FeatureKind, Moments][]);
    if (shard.classes === undefined) classes = undefined;
    else if (classes !== undefined) addMomentsTo(classes, shard.classes);
  }
  if (first === undefined) throw new FormatError("there are no statistics to merge");
  const ofClasses = classes && { classes: new Map([...classes].sort(([a], [b]) => a - b)) };
  return { settings: first.settings, moments: Object.fromEntries(moments), ...ofClasses };
}

function addMomentsTo<Key>(sums: Map<Key, Moments>, parts: Iterable<readonly [Key, Moments]>): void {
  for (const [key, part] of parts) {
    const sum = sums.get(key) ?? emptyMoments(part.width);
    mergeMoments(sum, part);
    sums.set(key, sum);
  }
}
