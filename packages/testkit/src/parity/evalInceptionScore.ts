import type { Backend } from "@dit/core";
import { chunks, equalSplits, inceptionScore, numpyPermutation } from "@dit/eval-fid";
import type { Findings } from "./check";
import { features } from "./evalFeatures";
import { noteScalar, within } from "./evalScalars";
import type { Fixture } from "./fixture";

interface StoredScore {
  readonly mean: number;
  readonly std_population: number;
  readonly per_split: readonly number[];
}

/** The Inception Score of each set of logits, for each way to split it. */
export async function evalInceptionScore(fixture: Fixture, _backend: Backend, findings: Findings): Promise<void> {
  for (const set of fixture.names.filter((name) => !name.includes("."))) {
    const logits = features(fixture, set);
    const permutation = fixture.names.find((name) => name.startsWith(`${set}.permutation_seed`))!;
    const seed = Number(/\d+$/.exec(permutation)![0]);
    const shuffled = numpyPermutation(seed, logits.count);
    findings.compare("permutations", permutation, { shape: [logits.count], data: shuffled });
    const ways = fixture.setting<Record<string, StoredScore>>(set);
    for (const [way, stored] of Object.entries(ways)) {
      if (typeof stored !== "object") continue; // the number of rows and classes
      const match = /^(splits|chunks_of_)(\d+)(_shuffled)?$/.exec(way);
      if (match === null) continue;
      const size = Number(match[2]);
      const groups = match[1] === "splits" ? equalSplits(logits.count, size) : chunks(logits.count, size);
      const ours = inceptionScore(logits, groups, match[3] === undefined ? undefined : shuffled);
      const note = (value: number, expected: number, name: string) =>
        noteScalar(findings, set, within(1e-9, "relative"), value, expected, `${way} ${name}`, Math.max(1, expected));
      note(ours.mean, stored.mean, "mean");
      note(ours.stdPopulation, stored.std_population, "std");
      stored.per_split.forEach((value, i) => {
        note(ours.values[i]!, value, `split ${i}`);
      });
    }
  }
}
