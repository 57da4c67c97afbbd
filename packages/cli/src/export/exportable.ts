import type { ExportDType, Program, ProgramOptions } from "@dit/backend-ort";
import type { Backend, HostTensor, Model } from "@dit/core";

/** What a file is run on, by the names of its inputs. A bigint is a scalar of ONNX's int64. */
export type FileFeeds = Readonly<Record<string, HostTensor | bigint>>;

/** Values of its outputs by name. */
export type FileOutputs = Readonly<Record<string, Float32Array>>;

/**
 * A kind of file that `dit export` writes: a row of the table `exportables`. Its settings decide the graph; they are plain
 * JSON, which the file's metadata hold, so that `dit export --check` can ask the same questions again.
 */
export interface Exportable<S> {
  /** What the file is called, before what transformers.js appends for its dtype. */
  readonly fileName: string;
  readonly dtypes: readonly ExportDType[];
  /** Whether one file can serve every batch size. */
  readonly takesAnyBatch: boolean;
  program(model: Model, settings: S, options: ProgramOptions): Program;
  /** Inputs that reach every part of the graph. */
  feeds(model: Model, settings: S, batchSize: number): FileFeeds;
  /** What the library makes of the same question. */
  expected(model: Model, settings: S, batchSize: number, backend: Backend): Promise<FileOutputs>;
  /** Forward passes of one sample in one run. */
  passes(model: Pick<Model, "config">, settings: S): number;
  /** Beyond the model and the settings, what a program that runs the file has to know. */
  notes?(model: Pick<Model, "config">, settings: S): Readonly<Record<string, unknown>>;
}
