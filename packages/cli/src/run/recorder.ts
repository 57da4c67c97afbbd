import type { CheckpointNotes } from "../checkpoints/checkpoint";
import type { Progress } from "../output/progress";
import { addToMeter, emptyMeter, type Measured, type MeterState, readMeter } from "./meter";
import { appendMetric } from "./metrics";
import type { RunFolder } from "./runFolder";
import { tensorBoardWriter } from "./tensorboard";

/** When a run of `steps` steps writes a line of metrics, and when it measures a validation loss; null never does. */
export interface Rhythm {
  readonly steps: number;
  readonly logEvery: number;
  readonly measureEvery: number | null;
}

/** What a step says of itself. */
export interface RecordedStep extends Measured {
  /** Counted from 1. */
  readonly step: number;
  readonly loss: number;
  readonly learningRate: number;
  readonly imagesPerSecond: number;
}

/** Turns steps into lines of metrics, TensorBoard events and progress. A step has one line, with its validation loss if it has one. */
export function recorder(
  run: RunFolder,
  { steps, logEvery, measureEvery }: Rhythm,
  progress: Progress,
  from: CheckpointNotes | undefined,
) {
  const board = tensorBoardWriter(run.tensorboard, { firstStep: (from?.step ?? 0) + 1 });
  const started = performance.now();
  let meter: MeterState = from?.meter ?? emptyMeter;
  let last: RecordedStep | undefined;
  let measured: { step: number; loss: number } | undefined;
  const seconds = () => Math.round((from?.seconds ?? 0) * 1000 + performance.now() - started) / 1000;
  const write = ({ learningRate, imagesPerSecond, step }: RecordedStep, extra: { validationLoss?: number } = {}) => {
    const line = { ...readMeter(meter), learningRate, imagesPerSecond, ...extra };
    meter = emptyMeter;
    appendMetric(run.metrics, { step, ...line, seconds: seconds() });
    board.scalars(step, line);
    progress.event("metrics", { step, ...line });
  };
  const isLast = (step: number) => step === steps;
  const isLogged = (step: number) => step % logEvery === 0 || isLast(step);
  const isMeasured = (step: number) => measureEvery !== null && (step % measureEvery === 0 || isLast(step));
  return {
    step: (metrics: RecordedStep) => {
      last = metrics;
      meter = addToMeter(meter, metrics);
      progress.update({
        step: metrics.step,
        total: steps,
        loss: readMeter(meter).loss,
        imagesPerSecond: metrics.imagesPerSecond,
      });
      if (isLogged(metrics.step) && !isMeasured(metrics.step)) write(metrics);
    },
    validation: (step: number, loss: number) => {
      measured = { step, loss };
      if (last !== undefined) write(last, { validationLoss: loss });
    },
    notes: (step: number): Omit<CheckpointNotes, "data" | "lossScale"> => ({
      step,
      seconds: seconds(),
      meter,
      ...(measured?.step === step ? { validationLoss: measured.loss } : {}),
    }),
    lastLoss: () => last?.loss ?? null,
  };
}
