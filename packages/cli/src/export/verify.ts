import { type ExportDType, exportFormats, networkGraph, quantizedWeights } from "@dit/backend-ort";
import { type Backend, castPrecision, type Model, multiplyAdds, reference, type Weights } from "@dit/core";
import { expandComposites, stepGraph, withStep } from "@dit/core/internal";
import { openBackend } from "../openBackend";
import { VerificationError } from "../output/exit";
import { runOnnxFile } from "../runOnnxFile";
import type { Exportable, FileOutputs } from "./exportable";

/**
 * The difference that passes, as a part of the largest value (of 1 where all are smaller): rounding of f32; of f16; and,
 * where activations are rounded to 8 bits too, of those.
 */
export const tolerances: { readonly [D in ExportDType]: number } = {
  f32: 1e-4,
  f16: 2e-2,
  q8: 5e-2,
  q4: 5e-2,
  q4f16: 5e-2,
};

/** What a check of a file found. */
export interface Verification {
  /** Largest difference from what the library computes with the weights that the file holds. */
  readonly maxError: number;
  readonly tolerance: number;
  /** Largest value among the expected ones. */
  readonly largest: number;
  /** Largest difference from the library's run with the weights in f32; for weights in integers only. */
  readonly errorToF32: number | null;
  /** What the file was compared with. */
  readonly source: string;
  readonly batchSizes: readonly number[];
}

export interface Question<S> {
  readonly exportable: Exportable<S>;
  readonly model: Model;
  readonly settings: S;
  readonly dtype: ExportDType;
  /** At which the file is run. */
  readonly batchSizes: readonly number[];
  /** Largest difference that passes; `tolerances` unless given. */
  readonly atol?: number | undefined;
}

/**
 * Runs an exported file in plain onnxruntime and compares it with the library: on the float64 reference where that is soon
 * done, else on onnxruntime with every composite expanded, which shares no kernel of attention or norms with the file.
 * @throws VerificationError when they differ by more than the tolerance
 */
export async function verify<S>(file: string, question: Question<S>): Promise<Verification> {
  const { exportable, model, settings, dtype, batchSizes, atol } = question;
  // The file first, whose memory is free as soon as its session is: a large model is there once.
  const actual = await runOnnxFile(
    file,
    batchSizes.map((batchSize) => exportable.feeds(model, settings, batchSize)),
  );
  const samples = batchSizes.reduce((sum, n) => sum + n, 0) * exportable.passes(model, settings);
  const backend = await sourceBackend(samples * multiplyAdds(model.config.dit));
  try {
    const expectedOf = async (weights: Weights) => {
      const outputs: FileOutputs[] = [];
      for (const batchSize of batchSizes)
        outputs.push(await exportable.expected({ ...model, weights }, settings, batchSize, backend));
      return outputs;
    };
    const held = heldWeights(model, dtype);
    const expected = await expectedOf(held);
    const largest = Math.max(...expected.map(largestOf));
    const tolerance = atol ?? tolerances[dtype] * Math.max(1, largest);
    const maxError = differenceOf(expected, actual);
    if (!(maxError <= tolerance)) {
      throw new VerificationError(
        `the exported file differs from the model by ${maxError}, more than ${tolerance}; it was not kept (--no-verify keeps it)`,
      );
    }
    const errorToF32 = held === model.weights ? null : differenceOf(await expectedOf(model.weights), actual);
    return { maxError, tolerance, largest, errorToF32, source: backend.name, batchSizes };
  } finally {
    await backend.dispose();
  }
}

/** The weights as the file holds them: what was rounded to integers has the values that these stand for. */
function heldWeights(model: Model, dtype: ExportDType): Weights {
  const { precision, weights } = exportFormats[dtype];
  if (weights === "f32") return model.weights;
  return quantizedWeights(castPrecision(networkGraph(model, 1), precision), model.weights, weights) as Weights;
}

/** Multiply-adds that the reference does in a second or two. */
const soonDone = 1e9;

async function sourceBackend(work: number): Promise<Backend> {
  return work <= soonDone ? reference() : unfused(await openBackend({ kind: "ort", provider: "cpu", threads: null }));
}

/** A backend that runs primitives alone. */
function unfused(backend: Backend): Backend {
  const none = new Set<never>();
  return {
    ...backend,
    name: `${backend.name}, every composite expanded`,
    compile: (graph, options) => backend.compile(expandComposites(graph, none), options),
    compileScan: (scan, options) =>
      backend.compileScan(withStep(scan, expandComposites(stepGraph(scan), none)), options),
  };
}

function largestOf(outputs: FileOutputs): number {
  return Object.values(outputs).reduce(
    (most, values) => values.reduce((largest, x) => Math.max(largest, Math.abs(x)), most),
    0,
  );
}

/** NaN where a value is no number, and infinite where there are fewer values than expected. */
function differenceOf(expected: readonly FileOutputs[], actual: readonly FileOutputs[]): number {
  let worst = 0;
  expected.forEach((outputs, i) => {
    for (const [name, values] of Object.entries(outputs)) {
      const found = actual[i]![name];
      if (found?.length !== values.length) worst = Number.POSITIVE_INFINITY;
      else for (let j = 0; j < values.length; j++) worst = Math.max(worst, Math.abs(values[j]! - found[j]!));
    }
  });
  return worst;
}
