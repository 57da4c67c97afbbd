import type { Backend } from "@dit/core";
import { autoencoderTiny } from "./autoencoderTiny";
import { Declined, type Finding, type Findings, findings } from "./check";
import { diffusersDiT } from "./diffusersDiT";
import { diffusersPipeline } from "./diffusersPipeline";
import { diffusionConstants } from "./diffusionConstants";
import { diffusionOps } from "./diffusionOps";
import { ditEmbeddings } from "./ditEmbeddings";
import { ditForward } from "./ditForward";
import { ditParity } from "./ditParity";
import { ditTrain } from "./ditTrain";
import { evalExtrapolation } from "./evalExtrapolation";
import { evalFeatures } from "./evalFeatures";
import { evalInception } from "./evalInception";
import { evalInceptionKeys } from "./evalInceptionKeys";
import { evalInceptionScore } from "./evalInceptionScore";
import { evalLargeFrechet } from "./evalLargeFrechet";
import { evalNpz } from "./evalNpz";
import { evalResize } from "./evalResize";
import { type Fixture, findFixtures, notJson } from "./fixture";
import { flow } from "./flow";
import { imagePreprocess } from "./imagePreprocess";
import { modelKeys } from "./modelKeys";
import { officialCheckpoint } from "./officialCheckpoint";
import { schedulers } from "./schedulers";
import { vae } from "./vae";

/** Compares what a fixture holds with what we compute on a backend. */
export type Check = (fixture: Fixture, backend: Backend, findings: Findings) => Promise<void>;

/** The checks by the kind of fixture that they read. */
export const kinds: Readonly<Record<string, Check>> = {
  "dit-parity": ditParity,
  "dit-train": ditTrain,
  "dit-forward": ditForward,
  "dit-embeddings": ditEmbeddings,
  "diffusion-constants": diffusionConstants,
  "diffusion-ops": diffusionOps,
  schedulers,
  flow,
  "diffusers-dit": diffusersDiT,
  "diffusers-pipeline": diffusersPipeline,
  vae,
  "autoencoder-tiny": autoencoderTiny,
  "official-checkpoint": officialCheckpoint,
  "model-keys": modelKeys,
  "image-preprocess": imagePreprocess,
  "eval-features": evalFeatures,
  "eval-extrapolation": evalExtrapolation,
  "eval-inception": evalInception,
  "eval-inception-score": evalInceptionScore,
  "eval-inception-keys": evalInceptionKeys,
  "eval-large-frechet": evalLargeFrechet,
  "eval-npz": evalNpz,
  "eval-resize": evalResize,
};

export type Verdict = "green" | "short" | "declined" | "unknown kind";

/** What became of one fixture. */
export interface Outcome {
  readonly file: string;
  readonly kind: string;
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
  /** Tensors and other parts that no check looked at. */
  readonly notChecked: readonly string[];
  /** Why it was declined, or what was thrown. */
  readonly reason?: string;
  readonly seconds: number;
}

/**
 * Checks every fixture of a folder, or those of one kind and the damaged ones, which may be of it. `onOutcome` hears of each
 * as it is done.
 */
export async function runParity(
  folder: string,
  backend: Backend,
  options: { readonly only?: string; readonly onOutcome?: (outcome: Outcome) => void } = {},
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const { file, kind, read } of findFixtures(folder)) {
    if (options.only !== undefined && kind !== options.only && kind !== notJson) continue;
    const outcome = await outcomeOf(file, kind, read, backend);
    outcomes.push(outcome);
    options.onOutcome?.(outcome);
  }
  return outcomes;
}

/** Checks one fixture. What its check throws makes it fall short, unless the check declined. */
export async function checkFixture(fixture: Fixture, backend: Backend): Promise<Outcome> {
  return outcomeOf(fixture.file, fixture.kind, () => fixture, backend);
}

async function outcomeOf(file: string, kind: string, read: () => Fixture, backend: Backend): Promise<Outcome> {
  const started = performance.now();
  const outcome = (verdict: Verdict, found?: Findings, rest: Partial<Outcome> = {}): Outcome => {
    const seconds = (performance.now() - started) / 1000;
    return { file, kind, verdict, findings: found?.all() ?? [], notChecked: [], seconds, ...rest };
  };
  if (!(kind in kinds) && kind !== notJson) return outcome("unknown kind");
  let found: Findings | undefined;
  try {
    const fixture = read();
    found = findings(fixture);
    await kinds[kind]!(fixture, backend, found);
    const all = found.all();
    // A fixture in which nothing could be compared has shown nothing.
    const isGreen = all.length > 0 && all.every(({ green }) => green);
    return outcome(isGreen ? "green" : "short", found, { notChecked: fixture.unused() });
  } catch (error) {
    return outcome(error instanceof Declined ? "declined" : "short", found, { reason: (error as Error).message });
  }
}
