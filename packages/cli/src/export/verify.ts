import type { ExportDType } from "@dit/backend-ort";
import { type Backend, reference, type Weights } from "@dit/core";
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

/** How far two runs are apart. */
export interface Difference {
  readonly max: number;
  /** Root of the mean of the squares. */
  readonly rms: number;
}

/** What a check of a file found. */
export interface Verification {
  /** From what the library computes with the weights that the file holds. */
  readonly error: Difference;
  /** The difference that had to be within the tolerance. */
  readonly passesBy: keyof Difference;
  readonly tolerance: number;
  /** Largest value among the expected ones. */
  readonly largest: number;
  /** From the library's run with the weights in f32; for weights in integers only. */
  readonly errorToF32: Difference | null;
  /** What the file was compared with. */
  readonly source: string;
  readonly batchSizes: readonly number[];
}

export interface Question<S, M extends { readonly weights: Weights }> {
  readonly exportable: Exportable<S, M>;
  readonly model: M;
  readonly settings: S;
  readonly dtype: ExportDType;
  /** At which the file is run. */
  readonly batchSizes: readonly number[];
  /** Largest difference that passes; `tolerances` unless given. */
  readonly atol?: number | undefined;
  readonly signal?: AbortSignal;
}

/**
 * Runs an exported file in plain onnxruntime and compares it with the library: on the float64 reference where that is soon
 * done, else on onnxruntime with every composite expanded, which shares no kernel of attention or norms with the file.
 * @throws VerificationError when they differ by more than the tolerance
 */
export async function verify<S, M extends { readonly weights: Weights }>(
  file: string,
  question: Question<S, M>,
): Promise<Verification> {
  const { exportable, model, settings, dtype, batchSizes, atol, signal } = question;
  // The file first, whose memory is free as soon as its session is: a large model is there once.
  const actual = await runOnnxFile(
    file,
    batchSizes.map((batchSize) => exportable.feeds(model, settings, batchSize)),
  );
  const samples = batchSizes.reduce((sum, n) => sum + n, 0);
  const backend = await sourceBackend(samples * exportable.multiplyAdds(model, settings));
  try {
    const expectedOf = async (source: M) => {
      const outputs: FileOutputs[] = [];
      for (const batchSize of batchSizes) {
        signal?.throwIfAborted();
        outputs.push(await exportable.expected(source, settings, batchSize, backend, signal));
      }
      signal?.throwIfAborted();
      return outputs;
    };
    const held = exportable.kind.held(model, dtype);
    const expected = await expectedOf(held);
    const largest = Math.max(...expected.map(largestOf));
    const tolerance = atol ?? tolerances[dtype] * Math.max(1, largest);
    const error = differenceOf(expected, actual);
    const { passesBy } = exportable;
    if (!(error[passesBy] <= tolerance)) {
      const found = `${error[passesBy]}${passesBy === "rms" ? " (root mean square)" : ""}`;
      throw new VerificationError(
        `the exported file differs from the model by ${found}, more than ${tolerance}; it was not kept (--no-verify keeps it)`,
      );
    }
    const errorToF32 = held === model ? null : differenceOf(await expectedOf(model), actual);
    return { error, passesBy, tolerance, largest, errorToF32, source: backend.name, batchSizes };
  } finally {
    await backend.dispose();
  }
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
function differenceOf(expected: readonly FileOutputs[], actual: readonly FileOutputs[]): Difference {
  let [max, squares, count] = [0, 0, 0];
  const pairs = expected.flatMap((outputs, i) =>
    Object.entries(outputs).map(([name, values]) => [values, actual[i]![name]] as const),
  );
  for (const [values, found] of pairs) {
    if (found?.length !== values.length) return { max: Number.POSITIVE_INFINITY, rms: Number.POSITIVE_INFINITY };
    for (let i = 0; i < values.length; i++) {
      const difference = Math.abs(values[i]! - found[i]!);
      max = Math.max(max, difference);
      squares += difference ** 2;
    }
    count += values.length;
  }
  return { max, rms: Math.sqrt(squares / count) };
}
