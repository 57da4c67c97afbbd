import { DitError, MissingPackageError } from "@dit/core";
import type { InferenceSession, InferenceSessionFactory, TensorConstructor } from "onnxruntime-common";

/** The part of onnxruntime that this backend uses, whichever package it comes from. */
export interface Runtime {
  readonly InferenceSession: InferenceSessionFactory;
  readonly Tensor: TensorConstructor;
}

export type Session = InferenceSession;

/** @throws MissingPackageError when onnxruntime-node is not installed, DitError when it does not load */
export async function loadRuntime(): Promise<Runtime> {
  try {
    // Named through a variable so that bundlers of browser code leave the optional package alone.
    const name = "onnxruntime-node";
    const loaded = (await import(/* @vite-ignore */ name)) as Runtime & { default?: Runtime };
    return loaded.default ?? loaded;
  } catch (cause) {
    if ((cause as { code?: string }).code === "ERR_MODULE_NOT_FOUND") {
      throw new MissingPackageError("onnxruntime-node", "npm install onnxruntime-node", { cause });
    }
    throw new DitError(`onnxruntime-node is installed but does not load: ${(cause as Error).message}`, { cause });
  }
}
