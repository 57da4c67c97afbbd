import { ConfigError } from "@dit/core";
import type { Queue } from "@dit/core/internal";
import type { InferenceSession, InferenceSessionFactory, TensorConstructor } from "onnxruntime-common";
import type { OrtProvider } from "../provider";
import type { Files, TemporaryFolder } from "../temporaryFiles";

/** The part of onnxruntime that this backend uses, whichever package it comes from. */
export interface Runtime {
  readonly InferenceSession: InferenceSessionFactory;
  readonly Tensor: TensorConstructor;
  /** Everything that is asked of the runtime waits here: it takes one call at a time, from whichever session. */
  readonly queue: Queue;
  /** Inside one operation, on a processor. */
  readonly threads: number;
}

export type Session = InferenceSession;

/** Where onnxruntime runs: what is there, and how it gets there. */
export interface Platform {
  /** The providers that can work here; the first needs nothing. */
  readonly providers: readonly OrtProvider[];
  /**
   * Loads what brings a provider.
   * @param threads inside one operation
   * @throws MissingPackageError when a package is not installed, DitError when it does not load
   */
  load(provider: OrtProvider, threads: number | undefined): Promise<Runtime>;
  /** What would make a provider work that did not start, beginning with a verb. */
  remedy(provider: OrtProvider): string;
  /** Writes a model to the disk for the runtime to map. Browsers have none. */
  readonly writeTemporary?: (files: Files) => Promise<TemporaryFolder>;
}

/** @throws ConfigError that names this platform's providers, when `provider` is none of them */
export function requireProvider({ providers }: Platform, provider: OrtProvider): void {
  if (providers.includes(provider)) return;
  throw new ConfigError(
    `there is no onnxruntime provider ${JSON.stringify(provider)} here (providers: ${providers.join(", ")})`,
  );
}

/** Whether an import failed because there is nothing of that name. */
export function isMissing(cause: unknown): boolean {
  const { code } = cause as { code?: string };
  return code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND";
}
