import { createHash } from "node:crypto";
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type BatchSize, type ExportDType, exportFormats, exportProgram } from "@dit/backend-ort";
import { ConfigError } from "@dit/core";
import { isOtherProcess } from "@dit/core/node";
import type { SettingsRequest } from "../export/exportable";
import { type ExportableOf, type ExportKind, exportables } from "../export/exportables";
import { type DataFile, hashWeights, metadataEntries } from "../export/metadata";
import { type Verification, verify } from "../export/verify";
import type { Progress } from "../output/progress";
import { removeTemporaries, temporaryName, writeFlushed } from "../run/atomicWrite";
import { stopSignal } from "../stopSignal";

export interface ExportCommand extends SettingsRequest {
  readonly model: string;
  readonly what: ExportKind;
  readonly dtype: ExportDType;
  readonly opset: number;
  /** What a file takes at once; by default whatever it is given, where one file can do that. */
  readonly batch?: BatchSize;
  /** Folder that gets `onnx/model.onnx` and its data. */
  readonly out: string;
  /** Largest difference from the library's own run that is accepted. */
  readonly atol?: number;
  readonly verify: boolean;
  readonly progress?: Progress;
}

export interface ExportSummary {
  readonly file: string;
  readonly what: ExportKind;
  readonly dtype: ExportDType;
  readonly batch: BatchSize;
  readonly modelBytes: number;
  readonly data: DataFile;
  /** Domains of operators beyond the ONNX standard. */
  readonly domains: readonly string[];
  /** What the check found, or null when there was none. */
  readonly verification: Verification | null;
}

/**
 * `dit export`: writes a model, a sampler or a train step as ONNX, runs the file in a session of plain onnxruntime and
 * compares it with the library's own run of the same weights. Only then does it take the place of an earlier export.
 * @throws VerificationError when they differ by more than the tolerance
 */
export function exportCommand(command: ExportCommand): Promise<ExportSummary> {
  return exportAs(command.what, command);
}

async function exportAs<K extends ExportKind>(what: K, command: ExportCommand): Promise<ExportSummary> {
  const { dtype, opset, out, atol } = command;
  const exportable: ExportableOf<K> = exportables[what];
  const batch = batchOf(command);
  if (!exportable.dtypes.includes(dtype))
    throw new ConfigError(`${what} cannot be exported in ${dtype}; it can be in ${exportable.dtypes.join(", ")}`);
  const model = await exportable.kind.open(command.model);
  const settings = exportable.settings(model, command);
  const modelFile = `${exportable.fileName}${exportFormats[dtype].suffix}.onnx`;
  const dataFile = `${modelFile}_data`;
  const program = exportable.program(model, settings, { dtype, opset });
  const onnx = exportProgram(program, { batchSize: batch, dataFile });

  const folder = join(out, "onnx");
  const unfinished = temporaryName(folder);
  mkdirSync(folder, { recursive: true });
  removeTemporaries(out, isOtherProcess);
  const stop = stopSignal(() => command.progress?.note("stopping; nothing is written"));
  try {
    mkdirSync(unfinished);
    const data = writeData(join(unfinished, dataFile), dataFile, onnx.data);
    const { domains } = onnx;
    const source = hashWeights(model.weights);
    const metadata = { what, dtype, batch, settings, source, data, domains, ...exportable.kind.describe(model) };
    const bytes = onnx.model(metadataEntries(metadata, exportable.notes?.(model, settings) ?? {}));
    writeFlushed(join(unfinished, modelFile), bytes);
    const batchSizes = batch === "dynamic" ? [1, 3] : [batch];
    const question = { exportable, model, settings, dtype, batchSizes, atol, signal: stop.signal };
    const verification = command.verify ? await verify(join(unfinished, modelFile), question) : null;
    // The data first: a model file without its data would be taken for whole.
    for (const name of [dataFile, modelFile]) renameSync(join(unfinished, name), join(folder, name));
    const file = join(folder, modelFile);
    return { file, what, dtype, batch, modelBytes: bytes.length, data, domains, verification };
  } catch (error) {
    stop.throwIfReceived("stopped; nothing was exported");
    throw error;
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
    stop.dispose();
  }
}

function batchOf({ what, batch }: ExportCommand): BatchSize {
  const { takesAnyBatch } = exportables[what];
  if (batch === "dynamic" && !takesAnyBatch)
    throw new ConfigError(`${what} has a fixed batch size, which is part of its arithmetic; give it with --batch`);
  return batch ?? (takesAnyBatch ? "dynamic" : 1);
}

/** Writes the weights piece by piece, and says what came of it. */
function writeData(path: string, file: string, pieces: Iterable<Uint8Array>): DataFile {
  const hash = createHash("sha256");
  let bytes = 0;
  function* counted() {
    for (const piece of pieces) {
      hash.update(piece);
      bytes += piece.length;
      yield piece;
    }
  }
  writeFlushed(path, counted());
  return { file, bytes, sha256: hash.digest("hex") };
}
