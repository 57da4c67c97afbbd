import type { Side } from "./evaluate";
import { headline } from "./headline";
import type { EvaluationReport } from "./schema";

/** What a reader should know before trusting the numbers, in sentences. */
export function automaticNotes({ metrics }: EvaluationReport, real: Side, fake: Side): string[] {
  const notes: string[] = [];
  if (headline(metrics).length === 0 && !metrics.perClass?.some(({ fid }) => fid !== null)) {
    notes.push("No number could be computed: FID needs 2 images of each set, precision and recall 4.");
  }
  for (const [name, result] of [
    ["FID", metrics.fid],
    ["sFID", metrics.sfid],
  ] as const) {
    if (result === undefined) continue;
    const width = widthOf(fake, name) ?? widthOf(real, name);
    for (const [side, rank] of [
      [real, result.rankReal],
      [fake, result.rankFake],
    ] as const) {
      if (width === undefined || rank >= width) continue;
      notes.push(
        side.count !== null && side.count <= width
          ? `${name}: ${side.name} has ${side.count} images for ${width} features: its covariance is singular, and with more images the distance would be less.`
          : `${name}: the covariance of ${side.name} has rank ${rank} of ${width}: some features do not vary, or not by themselves.`,
      );
    }
    if (result.unclamped < 0)
      notes.push(`${name} came out as ${result.unclamped.toExponential(1)}, which counts as 0.`);
  }
  if (real.count !== null && fake.count !== null && ratio(real.count, fake.count) > 10) {
    notes.push(`There are ${real.count} reference images and ${fake.count} samples: FID depends on both numbers.`);
  }
  const [realSize, fakeSize] = [real.settings?.imageSize, fake.settings?.imageSize];
  if (realSize !== undefined && fakeSize !== undefined && realSize !== fakeSize) {
    notes.push(
      `Reference images are ${realSize}, samples ${fakeSize}: what resizing does to them is part of the numbers.`,
    );
  }
  if (real.isJpeg !== undefined && fake.isJpeg !== undefined && real.isJpeg !== fake.isJpeg) {
    notes.push(`${(real.isJpeg ? real : fake).name} is stored as JPEG, the other is not: that alone moves FID.`);
  }
  const unbalanced = mostUnbalanced(real.set?.labels, fake.set?.labels);
  if (unbalanced !== undefined) {
    const { label, realShare, fakeShare } = unbalanced;
    notes.push(
      `Classes are not in proportion: class ${label} is ${percent(fakeShare)} of the samples and ${percent(realShare)} of the reference, which moves FID.`,
    );
  }
  const { pr } = metrics;
  if (pr?.precisionStrict !== undefined && (pr.precision !== pr.precisionStrict || pr.recall !== pr.recallStrict)) {
    notes.push(
      `Some distances equal a radius exactly: with < in place of <=, precision is ${pr.precisionStrict} and recall ${pr.recallStrict}.`,
    );
  }
  return notes;
}

/** Standard deviations beyond which two shares differ by more than chance, and the ratio beyond which that matters. */
const [beyondChance, largestRatio] = [4, 1.5];

/** The class whose shares of the two sets differ most, if that is worth a word. */
function mostUnbalanced(real: Int32Array | undefined, fake: Int32Array | undefined) {
  if (real === undefined || fake === undefined) return undefined;
  const [realShares, fakeShares] = [sharesOf(real), sharesOf(fake)];
  const classes = [...new Set([...realShares.keys(), ...fakeShares.keys()])].map((label) => {
    const [realShare, fakeShare] = [realShares.get(label) ?? 0, fakeShares.get(label) ?? 0];
    const pooled = (realShare * real.length + fakeShare * fake.length) / (real.length + fake.length);
    const std = Math.sqrt(pooled * (1 - pooled) * (1 / real.length + 1 / fake.length));
    return { label, realShare, fakeShare, deviations: Math.abs(realShare - fakeShare) / (std || 1) };
  });
  return classes
    .filter(({ realShare, fakeShare }) => !(ratio(realShare, fakeShare) <= largestRatio))
    .filter(({ deviations }) => deviations > beyondChance)
    .sort((a, b) => b.deviations - a.deviations)[0];
}

function sharesOf(labels: Int32Array): Map<number, number> {
  const shares = new Map<number, number>();
  for (const label of labels) shares.set(label, (shares.get(label) ?? 0) + 1 / labels.length);
  return shares;
}

const percent = (share: number) => `${(100 * share).toFixed(1)}%`;

function widthOf(side: Side, name: "FID" | "sFID"): number | undefined {
  const kind = name === "FID" ? "features" : "spatial";
  return side.moments?.[kind]?.mean.length ?? side.set?.rows[kind]?.width;
}

const ratio = (a: number, b: number) => Math.max(a, b) / Math.min(a, b);
