import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeSafetensors } from "@dit/core";
import { paramsOf } from "@dit/core/internal";
import { formulaWeight, storedInceptionSpec, verifiedImage } from "@dit/eval-fid";
import { afterAll, expect, test } from "vitest";
import { checkExport } from "../commands/checkExport";
import { exportCommand } from "../commands/export";
import { openNetwork } from "../eval/openNetwork";
import { backends } from "../openBackend";

const folder = mkdtempSync(join(tmpdir(), "dit-features-"));
afterAll(() => rmSync(folder, { recursive: true }));

const exported = (model: string) =>
  exportCommand({
    ...{ model, what: "features", dtype: "f32", opset: 23, out: folder, verify: true },
    ...{ sampling: {}, latentSize: 32 },
  });

const images = { ...verifiedImage(), count: 3, height: 149, width: 149 };

/** All outputs of `--features` for three images of 149 x 149. */
async function outputsOf(features: string) {
  const { network } = await openNetwork(features, "pytorch-fid", backends.ort);
  const { rows } = await network.extract(images);
  await network.dispose();
  return rows;
}

test.each([
  ["the digits network", () => "digits", ["features", "logits"]],
  ["Inception", formulaInceptionFile, ["features", "spatial", "logits"]],
])(
  "%s as one file judges images as the network itself does",
  async (_, source, outputs) => {
    const model = source();
    const { file, domains, batch, verification } = await exported(model);
    expect([domains, batch]).toEqual([[], "dynamic"]);
    expect(verification!.error.max).toBeLessThan(verification!.tolerance);
    expect(await checkExport(file)).toMatchObject({ what: "features", batchSizes: [1, 3] });
    const [own, theirs] = [await outputsOf(model), await outputsOf(file)];
    expect(Object.keys(theirs)).toEqual(outputs);
    for (const [kind, rows] of Object.entries(own)) {
      const data = Float64Array.from(rows.data);
      const found = theirs[kind as keyof typeof theirs]!.data;
      const [largest, furthest] = [largestOf(data), largestOf(data.map((x, i) => x - found[i]!))];
      expect(furthest).toBeLessThan(1e-5 * largest);
    }
  },
  120_000,
);

function formulaInceptionFile(): string {
  const stored = Object.entries(paramsOf(storedInceptionSpec()));
  const file = join(folder, "inception.safetensors");
  writeFileSync(
    file,
    writeSafetensors(Object.fromEntries(stored.map(([name, { shape }]) => [name, formulaWeight(name, shape)]))),
  );
  return file;
}

function largestOf(values: Float64Array): number {
  return values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
}
