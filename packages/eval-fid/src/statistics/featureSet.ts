import { ConfigError, FormatError, readSafetensors, toFloat32, writeSafetensors } from "@dit/core";
import { toFloat64 } from "@dit/core/internal";
import { type FeatureRows, featureRows, selectRows } from "./featureRows";
import { type FeatureSettings, settingsIn } from "./settings";

/** What a feature network gives for an image: `features` judge it; `spatial` is for sFID, `logits` for the Inception Score. */
export const featureKinds = ["features", "spatial", "logits"] as const;
export type FeatureKind = (typeof featureKinds)[number];

/** The features of a set of images, one row an image, with their classes where they are known. */
export interface FeatureSet {
  readonly count: number;
  readonly rows: Readonly<Partial<Record<FeatureKind, FeatureRows>>>;
  readonly labels?: Int32Array;
}

/** One after the other. @throws ConfigError when one has what another lacks, or rows of another width */
export function concatSets(sets: readonly FeatureSet[]): FeatureSet {
  const [first] = sets;
  if (first === undefined) return { count: 0, rows: {} };
  const kinds = featureKinds.filter((kind) => first.rows[kind] !== undefined);
  if (
    sets.some(
      ({ rows, labels }) => kinds.some((k) => !rows[k]) || (labels === undefined) !== (first.labels === undefined),
    )
  ) {
    throw new ConfigError("feature sets that are put together must hold the same things");
  }
  const count = sets.reduce((sum, set) => sum + set.count, 0);
  const rows = Object.fromEntries(kinds.map((kind) => [kind, concatRows(sets.map((set) => set.rows[kind]!))]));
  return first.labels === undefined
    ? { count, rows }
    : { count, rows, labels: Int32Array.from(sets.flatMap((set) => [...set.labels!])) };
}

function concatRows(parts: readonly FeatureRows[]): FeatureRows {
  const { width } = parts[0]!;
  const data = new Float32Array(parts.reduce((sum, part) => sum + part.data.length, 0));
  let at = 0;
  for (const part of parts) {
    if (part.width !== width)
      throw new ConfigError(
        `images of ${width} and of ${part.width} features are no set; images must be of one size where no network resizes them`,
      );
    data.set(part.data, at);
    at += part.data.length;
  }
  return { count: data.length / width, width, data };
}

/** The images of one class. */
export function ofClass(set: FeatureSet, label: number): FeatureRows | undefined {
  if (set.labels === undefined || set.rows.features === undefined) return undefined;
  const indices = [...set.labels.keys()].filter((i) => set.labels![i] === label);
  return selectRows(set.rows.features, indices);
}

const format = "dit.eval-fid.features/1";
export const statisticsFormat = "dit.eval-fid.statistics/1";

/** As safetensors, with the settings inside. */
export function writeFeatureSet({ rows, labels }: FeatureSet, settings: FeatureSettings): Uint8Array {
  const tensors = Object.fromEntries(
    Object.entries(rows).map(([kind, { count, width, data }]) => [
      kind,
      { dtype: "f32", shape: [count, width], data: Float32Array.from(data) } as const,
    ]),
  );
  const withLabels = labels && { labels: { dtype: "i32", shape: [labels.length], data: labels } as const };
  return writeSafetensors({ ...tensors, ...withLabels }, { format, settings: JSON.stringify(settings) });
}

/** What a file of this package says that it is; undefined for other files. */
export function formatOf(bytes: Uint8Array): "features" | "statistics" | undefined {
  const name = readSafetensors(bytes).metadata.format;
  return name === format ? "features" : name === statisticsFormat ? "statistics" : undefined;
}

/** @throws FormatError when the file is something else, or damaged */
export function readFeatureSet(bytes: Uint8Array, file: string): { set: FeatureSet; settings: FeatureSettings } {
  const { metadata, tensors } = readSafetensors(bytes);
  if (metadata.format !== format)
    throw new FormatError(`${file}: holds no features (format ${metadata.format ?? "none"})`);
  const rows: Partial<Record<FeatureKind, FeatureRows>> = {};
  for (const kind of featureKinds) {
    const tensor = tensors.get(kind);
    if (tensor !== undefined) rows[kind] = featureRows(toFloat32(tensor), tensor.shape[1]!);
  }
  const count = Object.values(rows)[0]?.count ?? 0;
  const labels = tensors.get("labels");
  const set = { count, rows, ...(labels && { labels: Int32Array.from(toFloat64(labels)) }) };
  return { set, settings: settingsIn(metadata, file) };
}
