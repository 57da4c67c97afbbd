import type { ExportDType, Program, ProgramOptions } from "@dit/backend-ort";
import type { Backend, HostTensor, SampleSettings, Weights } from "@dit/core";

/** What the settings of a file are made from. */
export interface SettingsRequest {
  /** The model's path: a run knows how it was trained. */
  readonly model: string;
  readonly dtype: ExportDType;
  readonly sampling: Partial<SampleSettings>;
  /** Height and width of the latents that an autoencoder decodes. */
  readonly latentSize: number;
}

/** What a file is run on, by the names of its inputs. A bigint is a scalar of ONNX's int64. */
export type FileFeeds = Readonly<Record<string, HostTensor | bigint>>;

/** Values of its outputs by name. */
export type FileOutputs = Readonly<Record<string, Float32Array>>;

/** What a file says of the model in it. */
export interface Description {
  readonly config: unknown;
  /** The objective of a DiT: a chain's schedule and what is predicted, or a flow's path. It is in `config` too. */
  readonly schedule: unknown;
  readonly classNames: readonly string[] | null;
}

/** A kind of model: where its weights come from, and what is said of it. */
export interface ModelKind<M> {
  open(path: string): Promise<M>;
  describe(model: M): Description;
  /** A model of a described configuration, with some weights; they are made when they are asked for. */
  standIn(config: unknown): M;
  /** The model as a file holds it: weights in integers have the values that these stand for. The same model if all are floats. */
  held(model: M, dtype: ExportDType): M;
}

/**
 * A kind of file that `dit export` writes: a row of the table `exportables`. Its settings decide the graph; they are plain
 * JSON, which the file's metadata hold, so that `dit export --check` can ask the same questions again.
 */
export interface Exportable<S, M extends { readonly weights: Weights }> {
  /** What the file is called, before what transformers.js appends for its dtype. */
  readonly fileName: string;
  readonly kind: ModelKind<M>;
  readonly dtypes: readonly ExportDType[];
  /** Whether one file can serve every batch size. */
  readonly takesAnyBatch: boolean;
  /** @throws ConfigError for settings that contradict each other or the model */
  settings(model: M, request: SettingsRequest): S;
  program(model: M, settings: S, options: ProgramOptions): Program;
  /** Inputs that reach every part of the graph. */
  feeds(model: M, settings: S, batchSize: number): FileFeeds;
  /** What the library makes of the same question. */
  expected(model: M, settings: S, batchSize: number, backend: Backend, signal?: AbortSignal): Promise<FileOutputs>;
  /** Of one sample in one run. */
  multiplyAdds(model: M, settings: S): number;
  /**
   * By which difference from the library a file passes. A sampling run rounds again and again, and a pixel may end on the
   * other side of an edge: there the root mean square says whether the pictures are the same.
   */
  readonly passesBy: "max" | "rms";
  /** Beyond the model and the settings, what a program that runs the file has to know. */
  notes?(model: M, settings: S): Readonly<Record<string, unknown>>;
}
