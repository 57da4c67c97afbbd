import { createHash } from "node:crypto";
import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { type ModelOutline, opsetRange, readOutline, structuralFaults } from "@dit/backend-ort";
import { ConfigError, FormatError } from "@dit/core";
import { type ExportableOf, type ExportKind, exportables } from "../export/exportables";
import { type ExportMetadata, readMetadata } from "../export/metadata";
import { VerificationError } from "../output/exit";
import { runOnnxFile } from "../runOnnxFile";

export interface CheckSummary extends Pick<ExportMetadata, "what" | "dtype" | "batch" | "source" | "data" | "domains"> {
  readonly file: string;
  readonly opset: number;
  readonly nodes: number;
  /** Batch sizes at which the file was run. */
  readonly batchSizes: readonly number[];
}

/**
 * `dit export --check`: whether a file that `dit export` wrote is whole. Its structure, what it says of itself, the size and
 * the hash of its data; that plain onnxruntime loads it, and that every value of its outputs is a finite number.
 * @throws FormatError for a file that is none of ours. @throws VerificationError saying everything that is wrong
 */
export async function checkExport(file: string): Promise<CheckSummary> {
  if (!existsSync(file)) throw new ConfigError(`there is no file ${file}`);
  const outline = readOutline(readFileSync(file));
  const metadata = metadataOf(file, outline);
  const faults = [
    ...structuralFaults(outline),
    ...versionFaults(outline, metadata),
    ...dataFaults(file, outline, metadata),
  ];
  if (faults.length > 0) throw broken(file, faults);
  const { what, dtype, batch, source, data, domains } = metadata;
  const batchSizes = batch === "dynamic" ? [1, 3] : [batch];
  const infinite = await runFaults(what, file, metadata, batchSizes);
  if (infinite.length > 0) throw broken(file, infinite);
  const { opsets, graph } = outline;
  return { file, what, dtype, batch, opset: opsets[""]!, nodes: nodeCount(graph), source, data, domains, batchSizes };
}

/** Those of loop bodies with them. */
function nodeCount({ nodes }: ModelOutline["graph"]): number {
  return nodes.reduce((sum, { bodies }) => sum + 1 + bodies.reduce((inner, body) => inner + nodeCount(body), 0), 0);
}

function broken(file: string, faults: readonly string[]): VerificationError {
  return new VerificationError(`${file}: ${faults.slice(0, shownFaults).join("; ")}`);
}

const shownFaults = 5;

function metadataOf(file: string, { metadata }: ModelOutline): ExportMetadata {
  try {
    const found = readMetadata(metadata);
    if (found === undefined) throw new FormatError("dit export did not write it: its metadata do not say what it is");
    if (!(found.what in exportables)) throw new FormatError(`there is no kind of file ${JSON.stringify(found.what)}`);
    return found;
  } catch (cause) {
    throw new FormatError(`${file}: ${(cause as Error).message}`, { cause });
  }
}

function versionFaults({ opsets }: ModelOutline, { domains }: ExportMetadata): string[] {
  const { from, to } = opsetRange;
  const standard = opsets[""] ?? 0;
  const others = Object.keys(opsets).filter((domain) => domain !== "");
  return [
    ...(standard < from || standard > to ? [`its operators are of set ${standard}, ours are ${from} to ${to}`] : []),
    ...(others.join() === domains.join()
      ? []
      : [`its domains are ${others.join()}, its metadata say ${domains.join()}`]),
  ];
}

/** What is wrong with the weights beside the model. */
function dataFaults(file: string, { graph }: ModelOutline, { data }: ExportMetadata): string[] {
  const path = join(dirname(file), data.file);
  if (!existsSync(path)) return [`${data.file} is missing`];
  const { size } = statSync(path);
  if (size !== data.bytes) return [`${data.file} has ${size} bytes, it was written with ${data.bytes}`];
  const outside = graph.initializers.filter(
    ({ external }) =>
      external !== undefined && (external.location !== data.file || external.offset + external.length > size),
  );
  if (outside.length > 0) return [`constant ${outside[0]!.name} does not lie in ${data.file}`];
  return hashFile(path) === data.sha256 ? [] : [`${data.file} is not what was written: its SHA-256 is another`];
}

async function runFaults<K extends ExportKind>(
  what: K,
  file: string,
  { config, settings }: ExportMetadata,
  batchSizes: readonly number[],
): Promise<string[]> {
  const exportable: ExportableOf<K> = exportables[what];
  const model = exportable.kind.standIn(config);
  const questions = batchSizes.map((n) => exportable.feeds(model, settings as never, n));
  const answers = await runOnnxFile(file, questions);
  return answers.flatMap((outputs, i) =>
    Object.entries(outputs).flatMap(([name, values]) =>
      values.every(Number.isFinite) ? [] : [`output ${name} is not finite at batch size ${batchSizes[i]}`],
    ),
  );
}

/** SHA-256 of a file that may be larger than memory. */
function hashFile(path: string): string {
  const hash = createHash("sha256");
  const piece = new Uint8Array(2 ** 24);
  const descriptor = openSync(path, "r");
  try {
    for (let count = readSync(descriptor, piece); count > 0; count = readSync(descriptor, piece))
      hash.update(piece.subarray(0, count));
  } finally {
    closeSync(descriptor);
  }
  return hash.digest("hex");
}
