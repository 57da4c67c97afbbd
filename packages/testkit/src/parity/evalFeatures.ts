import type { Backend } from "@dit/core";
import {
  covarianceOf,
  type FeatureRows,
  featureRows,
  frechetDistance,
  gaussianOfMoments,
  type Kernel,
  kid,
  manifold,
  meanPrd,
  mergeMoments,
  momentsOf,
  prdOfLabels,
  selectRows,
  squaredMmd,
} from "@dit/eval-fid";
import { absolute, type Findings } from "./check";
import { noteScalar, rowsAt, within } from "./evalScalars";
import type { Fixture } from "./fixture";

/** Every metric that two sets of features have, in float64 on the host. */
export async function evalFeatures(fixture: Fixture, _backend: Backend, findings: Findings): Promise<void> {
  const real = features(fixture, "real");
  const fake = features(fixture, "fake");
  checkFrechet(fixture, findings, real, fake);
  checkKid(fixture, findings, real, fake);
  checkManifold(fixture, findings, real, fake);
  checkPrd(fixture, findings);
}

/** A stored set of rows. */
export function features(fixture: Fixture, name: string): FeatureRows {
  const { shape, data } = fixture.stored(name);
  return featureRows(Float32Array.from(data), shape[1]!);
}

interface StoredFrechet {
  readonly mean_term: number;
  readonly trace_real: number;
  readonly trace_fake: number;
  readonly trace_sqrt_product: number;
  readonly fid: number;
  readonly rank_real: number;
  readonly rank_fake: number;
}

function checkFrechet(fixture: Fixture, findings: Findings, real: FeatureRows, fake: FeatureRows): void {
  const stored = fixture.setting<StoredFrechet>("frechet");
  const [realMoments, fakeMoments] = [momentsInParts(real), momentsOf(fake)];
  for (const [name, moments] of [
    ["real", realMoments],
    ["fake", fakeMoments],
  ] as const) {
    const { width, mean } = moments;
    findings.compare("moments", `${name}_mu`, { shape: [width], data: mean });
    findings.compare("moments", `${name}_sigma`, { shape: [width, width], data: covarianceOf(moments) });
  }
  const ours = frechetDistance(gaussianOfMoments(realMoments), gaussianOfMoments(fakeMoments));
  const traces = stored.trace_real + stored.trace_fake;
  // Where a set lies on a line, or has fewer rows than features, the root enlarges the rounding errors of what should be 0.
  const isSingular = Math.min(stored.rank_real, stored.rank_fake) < real.width;
  const isNearlySingular = /^(rank1|fewer_than_dims)/.test(fixture.setting("case"));
  const tolerance = within(isSingular || isNearlySingular ? 1e-6 : 1e-9, "of the traces");
  noteScalar(findings, "frechet", tolerance, ours.meanTerm, stored.mean_term, "mean_term", traces);
  noteScalar(findings, "frechet", tolerance, ours.traceReal, stored.trace_real, "trace_real", traces);
  noteScalar(findings, "frechet", tolerance, ours.traceFake, stored.trace_fake, "trace_fake", traces);
  noteScalar(findings, "frechet", tolerance, ours.traceRoot, stored.trace_sqrt_product, "trace_sqrt_product", traces);
  noteScalar(findings, "frechet", tolerance, ours.unclamped, stored.fid, "fid", traces);
  if (stored.mean_term === 0) noteScalar(findings, "frechet", absolute(1e-9), ours.unclamped, stored.fid, "fid", 1);
}

/** From three parts, the last one first: merged statistics must be those of the whole. */
function momentsInParts(rows: FeatureRows) {
  const order = Array.from({ length: rows.count }, (_, i) => i);
  const cuts = [0, Math.floor(rows.count / 7), Math.floor(rows.count / 2), rows.count];
  const [a, b, c] = [0, 1, 2].map((i) => momentsOf(selectRows(rows, order.slice(cuts[i], cuts[i + 1]))));
  mergeMoments(c!, a!);
  mergeMoments(c!, b!);
  return c!;
}

interface StoredKid {
  readonly degree: number;
  readonly gamma: number;
  readonly coef0: number;
  readonly mean: number;
  readonly std_population: number;
  readonly full_set_unbiased: number;
  readonly rbf_sigma10_mean: number;
  readonly rbf_sigma10_std_population: number;
}

function checkKid(fixture: Fixture, findings: Findings, real: FeatureRows, fake: FeatureRows): void {
  const stored = fixture.setting<StoredKid>("kid");
  const [realRows, fakeRows] = [rowsAt(fixture, "kid_real_indices"), rowsAt(fixture, "kid_fake_indices")];
  const subsets = realRows.map((rows, i) => ({ real: rows, fake: fakeRows[i]! }));
  const { degree, gamma, coef0 } = stored;
  const kernel: Kernel = { kind: "polynomial", degree, gamma, coef0 };
  const ours = kid(real, fake, subsets, kernel);
  const rbf = kid(real, fake, subsets, { kind: "rbf", sigma: 10 });
  findings.compare("kid", "kid_per_subset", { shape: [subsets.length], data: ours.values });
  const note = (name: keyof StoredKid, value: number) =>
    noteScalar(findings, "kid", within(1e-9, "relative"), value, stored[name], name);
  note("mean", ours.mean);
  note("std_population", ours.stdPopulation);
  note("full_set_unbiased", squaredMmd(real, fake, kernel));
  note("rbf_sigma10_mean", rbf.mean);
  note("rbf_sigma10_std_population", rbf.stdPopulation);
}

function checkManifold(fixture: Fixture, findings: Findings, real: FeatureRows, fake: FeatureRows): void {
  const stored = fixture.setting<Record<string, Record<string, number>>>("manifold");
  for (const [key, values] of Object.entries(stored)) {
    const ours = manifold(real, fake, Number(key.slice(1)));
    const of: Record<string, number> = {
      ...{ precision: ours.precision, recall: ours.recall, ties: ours.ties },
      ...{ precision_strict: ours.precisionStrict, recall_strict: ours.recallStrict },
      ...{ density: ours.density, coverage: ours.coverage },
      ...{ density_inclusive: ours.densityInclusive, coverage_inclusive: ours.coverageInclusive },
    };
    for (const [name, value] of Object.entries(of)) {
      noteScalar(findings, "manifold", within(1e-12, "relative"), value, values[name]!, `${key}.${name}`);
    }
    const realism = values["mean_realism_squared_eps1e-5"]!;
    noteScalar(findings, "manifold", within(1e-9, "relative"), ours.realism, realism, `${key}.realism`);
    findings.compare("manifold", `${key}.radii2_real`, { shape: [real.count], data: ours.radiiReal });
    findings.compare("manifold", `${key}.radii2_fake`, { shape: [fake.count], data: ours.radiiFake });
    findings.compare("manifold", `${key}.fake_in_real`, { shape: [fake.count], data: ours.fakeInReal });
    findings.compare("manifold", `${key}.real_in_fake`, { shape: [real.count], data: ours.realInFake });
  }
}

interface StoredPrd {
  readonly clusters: number;
  readonly angles: number;
  readonly per_run: readonly { readonly f8: number; readonly f1_8: number }[];
  readonly mean_curve: { readonly f8: number; readonly f1_8: number };
}

function checkPrd(fixture: Fixture, findings: Findings): void {
  const stored = fixture.setting<StoredPrd>("prd");
  const runs = rowsAt(fixture, "prd_labels_fake_then_real").map((labels) =>
    prdOfLabels(labels, stored.clusters, stored.angles),
  );
  const mean = meanPrd(runs);
  const data = [...mean.precision, ...mean.recall];
  findings.compare("prd", "prd_mean_precision_recall", { shape: [2, stored.angles], data });
  const note = (ours: number, theirs: number, name: string) =>
    noteScalar(findings, "prd", within(1e-9, "relative"), ours, theirs, name);
  runs.forEach(({ f8, f1_8 }, i) => {
    note(f8, stored.per_run[i]!.f8, `run ${i} f8`);
    note(f1_8, stored.per_run[i]!.f1_8, `run ${i} f1_8`);
  });
  note(mean.f8, stored.mean_curve.f8, "f8");
  note(mean.f1_8, stored.mean_curve.f1_8, "f1_8");
}
