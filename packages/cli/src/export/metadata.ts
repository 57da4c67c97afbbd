import { createHash } from "node:crypto";
import type { BatchSize, ExportDType } from "@dit/backend-ort";
import type { Weights } from "@dit/core";
import { littleEndianBytes } from "@dit/core/internal";
import type { Description } from "./exportable";
import type { ExportKind } from "./exportables";

/** A file of weights beside a model. */
export interface DataFile {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** What an exported file says of itself, each entry as JSON under `dit.<name>` in the model's metadata. */
export interface ExportMetadata extends Description {
  readonly what: ExportKind;
  readonly dtype: ExportDType;
  readonly batch: BatchSize;
  /** What decides the graph beside the model, by the kind of file. */
  readonly settings: unknown;
  /** SHA-256 of the weights that the file was made of; see `hashWeights`. */
  readonly source: string;
  readonly data: DataFile;
  /** Domains of operators that are no part of the ONNX standard: only runtimes that know them run the file. */
  readonly domains: readonly string[];
}

const prefix = "dit.";

export function metadataEntries(metadata: ExportMetadata, notes: Readonly<Record<string, unknown>>) {
  const entries = Object.entries({ ...metadata, ...notes });
  return Object.fromEntries(entries.map(([name, value]) => [`${prefix}${name}`, JSON.stringify(value)]));
}

/** What `metadataEntries` wrote; undefined for a file that is none of ours. */
export function readMetadata(entries: Readonly<Record<string, string>>): ExportMetadata | undefined {
  const ours = Object.entries(entries).filter(([name]) => name.startsWith(prefix));
  if (!ours.some(([name]) => name === `${prefix}what`)) return undefined;
  return Object.fromEntries(
    ours.map(([name, text]) => [name.slice(prefix.length), JSON.parse(text)]),
  ) as ExportMetadata;
}

/**
 * SHA-256 of weights, in whatever kind of file they lie: of each in the order of their names, its name and shape as JSON
 * and a line feed, then its values as little-endian f32.
 */
export function hashWeights(weights: Weights): string {
  const hash = createHash("sha256");
  for (const name of Object.keys(weights).sort()) {
    const { shape, data } = weights[name]!;
    hash.update(`${JSON.stringify([name, shape])}\n`).update(littleEndianBytes(data));
  }
  return hash.digest("hex");
}
