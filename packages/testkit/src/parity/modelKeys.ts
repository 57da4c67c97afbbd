import { type Backend, countParams, type DiTConfig, ditConfig, ditSpec } from "@dit/core";
import { diffusersNames, paramsOf } from "@dit/core/internal";
import { fromDiffusersConfig, vaeSpec } from "@dit/vae";
import { absolute, type Findings } from "./check";
import type { Fixture } from "./fixture";
import { sameNames } from "./sameNames";

type ShapesByName = Readonly<Record<string, readonly number[]>>;

/** Names and shapes of the released models' parameters, and how many values the paper's models have. */
export async function modelKeys(fixture: Fixture, _: Backend, findings: Findings): Promise<void> {
  for (const [key, value] of Object.entries(fixture.json)) {
    const [, preset = "", pixels = "256", what] = /^(DiT-\w+\/\d)(?: (\d+))? (.*)$/.exec(key) ?? [];
    if (/^sd-vae \(/.test(key)) vaeKeys(fixture, findings, key);
    if (what === undefined) continue;
    const side = Number(pixels) / 8;
    const config = ditConfig(preset, { inputSize: [side, side] });
    if (what === "official") sameNames(findings, key, byName(value as ShapesByName), byName(officialShapes(config)));
    else if (what.startsWith("diffusers")) {
      sameNames(findings, key, byName(value as ShapesByName), byName(diffusersShapes(config)));
    } else if (what.startsWith("key map")) {
      const names = diffusersNames(config.depth).map(({ official, names }) => [official, names]);
      sameNames(findings, key, value as object as Record<string, unknown>, Object.fromEntries(names));
    } else if (what === "parameters") {
      findings.note(key, absolute(0), Math.abs((value as number) - countParams(ditSpec(config))), preset);
    }
  }
  for (const counts of fixture.settings<Readonly<Record<string, { parameters: number }>>>("parameter counts")) {
    for (const [preset, { parameters }] of Object.entries(counts)) {
      findings.note(
        "parameter counts",
        absolute(0),
        Math.abs(parameters - countParams(ditSpec(ditConfig(preset)))),
        preset,
      );
    }
  }
}

/** The names and shapes of the autoencoder whose configuration lies beside. */
function vaeKeys(fixture: Fixture, findings: Findings, key: string): void {
  const config = fromDiffusersConfig(fixture.setting("sd-vae config"));
  sameNames(findings, key, byName(fixture.setting<ShapesByName>(key)), byName(shapesOf(vaeSpec(config))));
}

function officialShapes(config: DiTConfig): ShapesByName {
  return shapesOf(ditSpec(config));
}

function shapesOf(spec: object): ShapesByName {
  return Object.fromEntries(Object.entries(paramsOf(spec)).map(([name, { shape }]) => [name, shape]));
}

function diffusersShapes(config: DiTConfig): ShapesByName {
  const official = officialShapes(config);
  const entries = diffusersNames(config.depth).flatMap(({ official: from, kind, names }) => {
    const [rows = 0, ...rest] = official[from]!;
    return names.map((name) => [name, [kind === "parts" ? rows / names.length : rows, ...rest]]);
  });
  return Object.fromEntries(entries);
}

/** In the order of the names: files of two writers need not agree on any other. */
function byName(shapes: ShapesByName): ShapesByName {
  return Object.fromEntries(Object.entries(shapes).sort(([a], [b]) => (a < b ? -1 : 1)));
}
