import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Weights } from "@dit/core";
import { paramsOf, sameShape } from "@dit/core/internal";
import { loadVae } from "@dit/vae/node";
import { absolute, type Findings } from "./check";
import type { Fixture } from "./fixture";
import { sameNames } from "./sameNames";

// What the checks of both kinds of autoencoder have in common.

/** The names and shapes in the fixture's `state_dict` against those of a spec. */
export function compareShapes(fixture: Fixture, findings: Findings, spec: object): void {
  const expected = fixture.setting<Readonly<Record<string, readonly number[]>>>("state_dict");
  const actual = Object.fromEntries(Object.entries(paramsOf(spec)).map(([name, { shape }]) => [name, shape]));
  sameNames(findings, "state_dict", expected, actual);
}

/** The folder of diffusers that some fixtures belong to, against the formula's weights. */
export async function compareStored(fixture: Fixture, findings: Findings, weights: Weights): Promise<void> {
  if (!existsSync(join(fixture.folder, "config.json"))) return;
  const loaded = await loadVae(fixture.folder);
  for (const [name, { shape, data }] of Object.entries(weights)) {
    const value = loaded.weights[name]!;
    const stored = value.data;
    const worst = data.reduce((most, x, i) => Math.max(most, Math.abs(x - stored[i]!)), 0);
    findings.note("folder", absolute(0), sameShape(shape, value.shape) ? worst : Number.NaN, name);
  }
}
