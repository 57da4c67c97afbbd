import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { FormatError } from "@dit/core";
import { atomicWrite } from "./atomicWrite";

/** One line of `metrics.jsonl`: what was measured when `step` steps had been trained. */
export interface Metric {
  readonly step: number;
  /** Training loss, mean since the line before; NaN or Infinity once a run has diverged. */
  readonly loss: number;
  /** The parts of a hybrid loss: squared error of the prediction, and the variational term in bits. */
  readonly mse?: number;
  readonly vb?: number;
  /** The parts of an autoencoder's loss: error of a value of an image, and nats of a whole latent. */
  readonly reconstruction?: number;
  readonly kl?: number;
  /** Norm of all gradients together, before clipping. */
  readonly gradNorm?: number;
  readonly learningRate?: number;
  /** Loss on the held-out images, where it was measured. */
  readonly validationLoss?: number;
  readonly imagesPerSecond?: number;
  /** Seconds of training so far, over all starts of the run. */
  readonly seconds: number;
}

/** Appends one line to `file`. Lines are small and flushed by the system: a killed process loses at most the one being written. */
export function appendMetric(file: string, metric: Metric): void {
  appendFileSync(file, serialise(metric));
}

/**
 * Reads `metrics.jsonl`; none there is an empty run. A last line that a killed process left half-written is ignored.
 * @throws FormatError naming the line when any other line is damaged.
 */
export function readMetrics(file: string): Metric[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n");
  const last = lines.findLastIndex((line) => line.trim() !== "");
  const metrics: Metric[] = [];
  for (const [i, line] of lines.entries()) {
    if (line.trim() === "") continue;
    const metric = parse(line);
    if (metric) metrics.push(metric);
    else if (i !== last) throw new FormatError(`${file}: line ${i + 1} is not a metric; remove that line to go on`);
  }
  return metrics;
}

/**
 * Cuts `file` back to what a run had written when it saved the checkpoint of `step`, in one atomic replacement, half-written last line included.
 * After a resume the curve then continues as if the run had never stopped. Returns what is left.
 */
export function truncateMetrics(file: string, step: number): Metric[] {
  const kept = readMetrics(file).filter((metric) => metric.step <= step);
  if (existsSync(file)) atomicWrite(file, kept.map(serialise).join(""));
  return kept;
}

/** JSON has no NaN or Infinity: they are written as strings, since null would forget which of them it was. */
function serialise(metric: Metric): string {
  const line = JSON.stringify(metric, (_, value: unknown) => {
    return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
  });
  return `${line}\n`;
}

function parse(line: string): Metric | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const metric: Record<string, unknown> = { ...value };
  for (const [key, entry] of Object.entries(metric)) {
    if (entry === "NaN" || entry === "Infinity" || entry === "-Infinity") metric[key] = Number(entry);
    else if (typeof entry !== "number") return undefined;
  }
  if (!("step" in metric && "loss" in metric && "seconds" in metric)) return undefined;
  return metric as unknown as Metric;
}
