import { createHash } from "node:crypto";
import type { Backend } from "@dit/core";
import { formulaImage, routes } from "@dit/eval-fid";
import type { Findings } from "./check";
import { formulaImageA } from "./evalImages";
import { noteScalar, within } from "./evalScalars";
import type { Fixture } from "./fixture";

/** The fixtures' names of the routes. Stored values are all on the scale 0..255. */
const ourRoutes = {
  half_pixel_unit: { resize: routes["pytorch-fid"].resize, factor: 255 },
  tf1: { resize: routes.adm.resize, factor: 1 },
  pil_bicubic: { resize: routes["clean-fid"].resize, factor: 1 },
} as const;

interface StoredSize {
  readonly source: string;
  readonly sha256_of_bytes: string;
}

const size = 299;

/** Images of several sizes, brought to that of the network by every route. */
export async function evalResize(fixture: Fixture, _backend: Backend, findings: Findings): Promise<void> {
  for (const [key, stored] of Object.entries(fixture.json as Record<string, StoredSize>)) {
    const match = /^(\d+)x(\d+)$/.exec(key);
    if (match === null) continue;
    const [height, width] = [Number(match[1]), Number(match[2])];
    const seed = /seed (\d+)/.exec(stored.source)?.[1];
    const data = seed === undefined ? formulaImageA(height, width) : formulaImage(height, width, Number(seed));
    const digest = createHash("sha256").update(data).digest("hex");
    findings.note("images", within(0, "different"), digest === stored.sha256_of_bytes ? 0 : 1, key);
    for (const [name, { resize, factor }] of Object.entries(ourRoutes)) {
      const pixels = resize({ height, width, data }, size).map((x) => x * factor);
      compare(findings, `${key}.${name}`, pixels);
      statistics(fixture, findings, key, name, pixels);
    }
  }
}

function compare(findings: Findings, name: string, pixels: Float32Array): void {
  const kept = Array.from({ length: Math.ceil(size / 7) }, (_, i) => i * 7);
  const at = (y: number, x: number) => pixels.subarray((y * size + x) * 3, (y * size + x + 1) * 3);
  const every7 = kept.flatMap((y) => kept.flatMap((x) => [...at(y, x)]));
  findings.compare("*.every7", `${name}.every7`, { shape: [kept.length, kept.length, 3], data: every7 });
  const row150 = pixels.subarray(150 * size * 3, 151 * size * 3);
  findings.compare("*.row150", `${name}.row150`, { shape: [size, 3], data: row150 });
}

/** Of the whole image, of which the tensors are a part. */
function statistics(fixture: Fixture, findings: Findings, key: string, route: string, pixels: Float32Array): void {
  const stored = fixture.setting<Record<string, Record<string, number>>>(key)[route]!;
  const mean = pixels.reduce((sum, x) => sum + x, 0) / pixels.length;
  const std = Math.sqrt(pixels.reduce((sum, x) => sum + (x - mean) ** 2, 0) / pixels.length);
  const [min, max] = [pixels.reduce((a, b) => Math.min(a, b)), pixels.reduce((a, b) => Math.max(a, b))];
  for (const [name, value] of Object.entries({ mean, std, min, max })) {
    noteScalar(findings, "whole image", within(1e-5, "relative"), value, stored[name]!, `${key}.${route} ${name}`, 255);
  }
}
