import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, didYouMean, FormatError } from "@dit/core";
import {
  type Comparison,
  compareReports,
  type EvaluationReport,
  evaluate,
  headline,
  type MetricName,
  type Mode,
  metricNames,
  reportSchema,
} from "@dit/eval-fid";
import { type FoundSide, findSide } from "../eval/findSide";
import { neighbourPicture } from "../eval/neighbourPicture";
import { type OpenedNetwork, openNetwork } from "../eval/openNetwork";
import { saveStatistics } from "../eval/saveStatistics";
import type { BackendConfig } from "../openBackend";
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
  /** `pixels`, `digits`, a file of weights or an ONNX file, or nothing when both sides bring features or statistics. */
  readonly features: string | undefined;
  readonly k: number | undefined;
  readonly seed: number;
  readonly bootstrap: number;
  readonly precisionArithmetic: "exact" | "adm-float16";
  /** Computes features, where it is not an ONNX file. */
  readonly backend: BackendConfig;
  /** Real images to hold against the reference too: what no model could do better than. */
  readonly floor: string | undefined;
  /** Gets report.json, report.html and the features. */
  readonly out: string;
  /** Gets statistics of the samples: an .npz as pytorch-fid reads it, or a .safetensors that merges with others. */
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
  const stop = stopSignal(() => progress.note("stopping after this batch; the features so far are kept"));
  const found: FoundSide[] = [];
  let opened: OpenedNetwork | undefined;
  try {
    // All are looked for before features are made of one.
    for (const path of [command.reference, command.samples, command.floor]) {
      if (path !== undefined) found.push(await findSide(path));
    }
    if (command.features !== undefined) opened = await openNetwork(command.features, mode, command.backend);
    const onImages = (step: number, total: number) => progress.update({ step, total });
    const options = { network: opened?.network, folder: join(out, "features"), signal: stop.signal, onImages };
    const [real, fake] = [await found[0]!.open(options), await found[1]!.open(options)];
    const { count } = fake.side;
    const floor = await found[2]?.open({ ...options, ...(count !== null && { limit: count }) });
    progress.done();
    const report = evaluate(real.side, fake.side, {
      ...(metrics.length === 0 ? {} : { metrics }),
      ...{ mode, seed, bootstrap, precisionArithmetic },
      ...(k === undefined ? {} : { k }),
      versions: versions(),
      ...(floor && { floor: floor.side }),
      ...(opened?.verification && { verification: opened.verification }),
      onMetric: (name) => progress.note(`computing ${name}`),
    });
    const files = { json: join(out, "report.json"), html: join(out, "report.html") };
    const picture = await neighbourPicture(real, fake);
    const writePage = (comparison: readonly Comparison[]) =>
      atomicWrite(files.html, evaluationPage(report, comparison, picture));
    mkdirSync(out, { recursive: true });
    atomicWrite(files.json, `${JSON.stringify(report, null, 2)}\n`);
    writePage([]);
    if (command.saveStats !== undefined) await saveStatistics(command.saveStats, fake.side, progress);
    if (earlier === undefined) return { report, files, comparison: null };
    // Last, since reports that must not be compared end the command.
    const comparison = compareReports(earlier, report);
    writePage(comparison);
    const worse = comparison.filter(({ verdict }) => verdict === "worse");
    if (worse.length > 0)
      throw new VerificationError(`worse than in ${command.compare}: ${worse.map(inWords).join("; ")}`);
    return { report, files, comparison };
  } catch (error) {
    progress.done();
    stop.throwIfReceived("stopped; run the same command again to go on");
    throw error;
  } finally {
    stop.dispose();
    for (const { close } of found) await close();
    await opened?.network.dispose();
  }
}

/** The numbers for people, one to a line. */
export function evaluationText({ report, files, comparison }: EvalSummary): string {
  const { metrics, floor, verification, notes } = report;
  const interval = metrics.fid?.bootstrap?.interval;
  const details: Readonly<Record<string, string | undefined>> = {
    FID: interval && `95% of resamples: ${interval.map(shown).join(" to ")}`,
    "Inception Score":
      metrics.is && metrics.is.splits > 1 ? `± ${shown(metrics.is.std)} over ${metrics.is.splits} splits` : undefined,
    KID: metrics.kid && `± ${shown(metrics.kid.std)} over ${metrics.kid.subsets} subsets`,
  };
  const real = new Map(floor && headline(floor.metrics).map(({ name, value }) => [name, value]));
  const lines = headline(metrics).map(({ name, value }) => {
    const beside = real.has(name) ? `  (real images: ${shown(real.get(name)!)})` : "";
    return `${name.padEnd(16)} ${shown(value)}${beside}${details[name] ? `  ${details[name]}` : ""}`;
  });
  return [
    `${report.fake.images ?? "?"} samples against ${report.real.images ?? "?"} reference images, features: ${report.network}`,
    ...(floor ? [`real images: ${floor.images ?? "?"} of ${floor.name} against the same reference`] : []),
    ...(verification
      ? [
          `${verification.backend} was checked: features off by at most ${verification.largestDeviation.toExponential(1)}`,
        ]
      : []),
    ...lines,
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
