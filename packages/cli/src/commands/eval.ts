import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, didYouMean, FormatError } from "@dit/core";
import {
  type Comparison,
  compareReports,
  type EvaluationReport,
  evaluate,
  type FeatureNetwork,
  type MetricName,
  type Mode,
  metricNames,
  pixelFeatures,
  reportSchema,
} from "@dit/eval-fid";
import { neighbourPicture } from "../eval/neighbourPicture";
import { onnxFeatures } from "../eval/onnxFeatures";
import { type OpenedSide, openSide } from "../eval/openSide";
import { saveStatistics } from "../eval/saveStatistics";
import { VerificationError } from "../output/exit";
import type { Progress } from "../output/progress";
import { evaluationPage } from "../report/evaluationPage";
import { atomicWrite } from "../run/atomicWrite";
import { environment } from "../run/environment";
import { stopSignal } from "../stopSignal";

export interface EvalCommand {
  readonly samples: string;
  readonly reference: string;
  /** All that are possible when empty. */
  readonly metrics: readonly string[];
  readonly mode: Mode;
  /** `pixels`, an ONNX file, or nothing when both sides bring features or statistics. */
  readonly features: string | undefined;
  readonly k: number | undefined;
  readonly seed: number;
  readonly bootstrap: number;
  readonly precisionArithmetic: "exact" | "adm-float16";
  /** Gets report.json, report.html and the features. */
  readonly out: string;
  /** Gets mean and covariance of the samples' features, as ADM and pytorch-fid read them. */
  readonly saveStats: string | undefined;
  /** An earlier report.json. */
  readonly compare: string | undefined;
  readonly progress: Progress;
}

export interface EvalSummary {
  readonly report: EvaluationReport;
  readonly files: { readonly json: string; readonly html: string };
  readonly comparison: readonly Comparison[] | null;
}

/**
 * `dit eval`: compares samples with a reference. Features are kept, so that a killed evaluation goes on.
 * @throws VerificationError when a number is worse than in the report to compare with
 */
export async function evalCommand(command: EvalCommand): Promise<EvalSummary> {
  const { progress, out, mode, k, seed, bootstrap, precisionArithmetic } = command;
  const metrics = command.metrics.map(metricOf);
  const earlier = command.compare === undefined ? undefined : readReport(command.compare);
  const network = await openNetwork(command.features, mode);
  const stop = stopSignal(() => progress.note("stopping after this batch; the features so far are kept"));
  const onImages = (step: number, total: number) => progress.update({ step, total });
  const options = { network, folder: join(out, "features"), signal: stop.signal, onImages };
  const opened: OpenedSide[] = [];
  try {
    const open = async (path: string) => {
      const side = await openSide(path, options);
      opened.push(side);
      return side;
    };
    const [real, fake] = [await open(command.reference), await open(command.samples)];
    progress.done();
    const report = evaluate(real.side, fake.side, {
      ...(metrics.length === 0 ? {} : { metrics }),
      ...{ mode, seed, bootstrap, precisionArithmetic },
      ...(k === undefined ? {} : { k }),
      versions: versions(),
      onMetric: (name) => progress.note(`computing ${name}`),
    });
    const comparison = earlier === undefined ? null : compareReports(earlier, report);
    const files = { json: join(out, "report.json"), html: join(out, "report.html") };
    mkdirSync(out, { recursive: true });
    atomicWrite(files.json, `${JSON.stringify(report, null, 2)}\n`);
    atomicWrite(files.html, evaluationPage(report, comparison ?? [], await neighbourPicture(real, fake)));
    if (command.saveStats !== undefined) await saveStatistics(command.saveStats, fake.side);
    const worse = (comparison ?? []).filter(({ verdict }) => verdict === "worse");
    if (worse.length > 0)
      throw new VerificationError(`worse than in ${command.compare}: ${worse.map(inWords).join("; ")}`);
    return { report, files, comparison };
  } catch (error) {
    progress.done();
    stop.throwIfReceived("stopped; run the same command again to go on");
    throw error;
  } finally {
    stop.dispose();
    for (const { close } of opened) await close();
    await network?.dispose();
  }
}

/** The numbers for people, one to a line. */
export function evaluationText({ report, files, comparison }: EvalSummary): string {
  const { metrics, notes } = report;
  const line = (name: string, value: number | undefined, detail = "") =>
    value === undefined ? [] : [`${name.padEnd(16)} ${shown(value)}${detail && `  ${detail}`}`];
  const interval = metrics.fid?.bootstrap?.interval;
  return [
    `${report.fake.images ?? "?"} samples against ${report.real.images ?? "?"} reference images, features: ${report.network}`,
    ...line("FID", metrics.fid?.value, interval && `95% of resamples: ${interval.map(shown).join(" to ")}`),
    ...line("sFID", metrics.sfid?.value),
    ...line("Inception Score", metrics.is?.value, `± ${shown(metrics.is?.std ?? 0)} over ${metrics.is?.splits} splits`),
    ...line("KID", metrics.kid?.value, `± ${shown(metrics.kid?.std ?? 0)} over ${metrics.kid?.subsets} subsets`),
    ...line("precision", metrics.pr?.precision),
    ...line("recall", metrics.pr?.recall),
    ...line("density", metrics.dc?.density),
    ...line("coverage", metrics.dc?.coverage),
    ...line("PRD F_8", metrics.prd?.f8),
    ...line("PRD F_1/8", metrics.prd?.f1_8),
    ...line("FID-infinity", metrics.fidInfinity?.value),
    ...notes.map((note) => `note: ${note}`),
    ...(comparison ?? []).map((entry) => `compared: ${inWords(entry)}, ${entry.verdict}`),
    `open ${files.html}`,
  ].join("\n");
}

function inWords({ metric, before, after }: Comparison): string {
  return `${metric} ${shown(before)} -> ${shown(after)}`;
}

const shown = (value: number) => Number(value.toPrecision(6)).toString();

function metricOf(name: string): MetricName {
  const found = metricNames.find((known) => known.toLowerCase() === name.toLowerCase());
  if (found !== undefined) return found;
  const near = didYouMean(name, metricNames);
  throw new ConfigError(
    `there is no metric ${name}${near ? `, did you mean ${near}?` : `; there are ${metricNames.join(", ")}`}`,
  );
}

async function openNetwork(features: string | undefined, mode: Mode): Promise<FeatureNetwork | undefined> {
  if (features === undefined) return undefined;
  if (features === "pixels") return pixelFeatures();
  if (features.endsWith(".onnx") && existsSync(features)) return onnxFeatures(features, mode);
  throw new ConfigError(`--features ${features}: give pixels, or an .onnx file that is there`);
}

function readReport(path: string): EvaluationReport {
  if (!existsSync(path)) throw new ConfigError(`${path}: there is no such report`);
  try {
    return reportSchema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (cause) {
    throw new FormatError(`${path}: not a report of dit eval`, { cause });
  }
}

function versions(): Record<string, string> {
  const { node, packages } = environment(["@dit/eval-fid", "@dit/core", "onnxruntime-node"]);
  const known = Object.entries(packages).flatMap(([name, version]) => (version === null ? [] : [[name, version]]));
  return { node, ...Object.fromEntries(known) };
}
