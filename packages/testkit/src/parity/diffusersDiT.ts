import type { Backend, DiTConfig } from "@dit/core";
import { diffusersNames, prefixed, sameShape, storedWeights, toDiffusers } from "@dit/core/internal";
import { loadModel } from "@dit/core/node";
import { absolute, type Findings } from "./check";
import { evaluate } from "./evaluate";
import type { Fixture } from "./fixture";
import { networkGraph, weightsOf } from "./network";
import { sameNames } from "./sameNames";

/**
 * The official network where the two codes differ, by the stored output that each setting makes. What is not named here
 * is as the folder's configuration has it.
 */
const variants: readonly (readonly [output: string, numerics: Partial<DiTConfig>])[] = [
  ["output.diffusers", {}],
  ["output.diffusers_shift0", { timestepDivisor: 128 }],
  ["output.diffusers_eps1e-6", { mlpNormEpsilon: 1e-6 }],
  ["output.diffusers_shift0_eps1e-6", { timestepDivisor: 128, mlpNormEpsilon: 1e-6 }],
  ["output.official", { timestepDivisor: 128, mlpNormEpsilon: 1e-6 }],
];

/** A DiT in a folder of diffusers: its weights under official names, the function of either code, and the folder we write. */
export async function diffusersDiT(fixture: Fixture, backend: Backend, findings: Findings): Promise<void> {
  const model = await loadModel(fixture.folder);
  const { dit } = model.config;
  for (const [name, { shape, data }] of Object.entries(weightsOf(dit, fixture))) {
    const loaded = model.weights[name]!.data;
    const worst = data.reduce((most, value, i) => Math.max(most, Math.abs(value - loaded[i]!)), 0);
    findings.note("weights", absolute(0), sameShape(shape, model.weights[name]!.shape) ? worst : Number.NaN, name);
  }
  const keyMap = Object.fromEntries(diffusersNames(dit.depth).map(({ official, names }) => [official, names]));
  sameNames(findings, "key_map", fixture.setting("key_map"), keyMap);
  const written = toDiffusers(storedWeights(model.weights, "F32"), dit.depth);
  const shapes = Object.fromEntries([...written].map(([name, { shape }]) => [name, shape]));
  sameNames(findings, "state_dict", fixture.setting("state_dict"), shapes);
  const inputs = { x: fixture.f32("input.x"), t: fixture.f32("input.t"), y: fixture.i32("input.y") };
  const feeds = { ...prefixed("params", model.weights), ...inputs };
  for (const [output, numerics] of variants) {
    const graph = networkGraph({ ...dit, ...numerics }, inputs.y.shape[0]!, ["t_freq"]);
    const [results] = await evaluate(backend, graph, feeds);
    if (fixture.has(output)) findings.compare("output", output, results!.output!);
    if (output === "output.diffusers" && fixture.has("diffusers.time_proj")) {
      findings.compare("time_proj", "diffusers.time_proj", results!["act.t_freq"]!);
    }
  }
}
