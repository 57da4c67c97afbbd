import type { Backend } from "@dit/core";
import { countParams } from "@dit/core";
import { paramsOf, sameShape } from "@dit/core/internal";
import { formulaWeight, storedInceptionSpec } from "@dit/eval-fid";
import type { Findings } from "./check";
import { noteScalar, saltOf, within } from "./evalScalars";
import type { Fixture } from "./fixture";

interface StoredWeight {
  readonly first4: readonly number[];
  readonly last: number;
  readonly sum: number;
}

/** Names and shapes of the Inception network's parameters, and what the formula gives for some of them. */
export async function evalInceptionKeys(fixture: Fixture, _backend: Backend, findings: Findings): Promise<void> {
  const ours = paramsOf(storedInceptionSpec());
  const stored = fixture.setting<Record<string, readonly number[]>>("parameters");
  for (const name of new Set([...Object.keys(ours), ...Object.keys(stored)])) {
    const isSame = sameShape(ours[name]?.shape ?? [], stored[name] ?? []);
    findings.note("names and shapes", within(0, "different"), isSame ? 0 : 1, name);
  }
  const exact = within(0, "different");
  noteScalar(findings, "counts", exact, Object.keys(ours).length, fixture.setting("count"), "parameters");
  noteScalar(findings, "counts", exact, countParams(storedInceptionSpec()), fixture.setting("values"), "values");
  for (const [name, { first4, last, sum }] of Object.entries(
    fixture.setting<Record<string, StoredWeight>>("weight_checks"),
  )) {
    const { data } = formulaWeight(name, stored[name]!, saltOf(fixture));
    first4.forEach((value, i) => {
      noteScalar(findings, "formula weights", exact, data[i]!, value, `${name}[${i}]`);
    });
    noteScalar(findings, "formula weights", exact, data.at(-1)!, last, `${name}, last`);
    const total = data.reduce((all, x) => all + x, 0);
    noteScalar(findings, "sums of formula weights", within(1e-9, "of the size"), total, sum, name, data.length);
  }
}
