import type { EvaluationReport } from "./schema";

/** A number that stands for a metric. */
export interface Headline {
  readonly name: string;
  readonly value: number;
  /** Its standard deviation, where that is known. */
  readonly std?: number;
  readonly better: "less" | "more";
}

type Metrics = EvaluationReport["metrics"];

const numbers: readonly {
  readonly name: string;
  readonly value: (metrics: Metrics) => number | undefined;
  readonly std?: (metrics: Metrics) => number | undefined;
  readonly better: "less" | "more";
}[] = [
  { name: "FID", value: (m) => m.fid?.value, std: (m) => m.fid?.bootstrap?.std, better: "less" },
  { name: "sFID", value: (m) => m.sfid?.value, std: (m) => m.sfid?.bootstrap?.std, better: "less" },
  { name: "Inception Score", value: (m) => m.is?.value, std: (m) => m.is?.std, better: "more" },
  {
    name: "KID",
    value: (m) => m.kid?.value,
    std: (m) => m.kid && m.kid.std / Math.sqrt(m.kid.subsets),
    better: "less",
  },
  { name: "precision", value: (m) => m.pr?.precision, std: (m) => m.pr?.stdPrecision, better: "more" },
  { name: "recall", value: (m) => m.pr?.recall, std: (m) => m.pr?.stdRecall, better: "more" },
  { name: "density", value: (m) => m.dc?.density, better: "more" },
  { name: "coverage", value: (m) => m.dc?.coverage, better: "more" },
  { name: "PRD F_8", value: (m) => m.prd?.f8, std: (m) => m.prd?.stdF8, better: "more" },
  { name: "PRD F_1/8", value: (m) => m.prd?.f1_8, std: (m) => m.prd?.stdF1_8, better: "more" },
  { name: "FID-infinity", value: (m) => m.fidInfinity?.value, std: (m) => m.fidInfinity?.residual, better: "less" },
];

/** The numbers of a report that it is read for, in the order in which they are shown. */
export function headline(metrics: Metrics): Headline[] {
  return numbers.flatMap(({ name, value, std, better }) => {
    const [known, spread] = [value(metrics), std?.(metrics)];
    return known === undefined ? [] : [{ name, value: known, better, ...(spread !== undefined && { std: spread }) }];
  });
}
