import { z } from "zod";

const share = z.number().min(0).max(1);
const bootstrap = z
  .object({ mean: z.number(), std: z.number(), interval: z.tuple([z.number(), z.number()]), resamples: z.int() })
  .describe("the metric of samples drawn again; interval: 2.5th and 97.5th percentile");

const frechet = z.object({
  value: z.number().min(0),
  unclamped: z.number().describe("before a rounding error below 0 is cut off"),
  meanTerm: z.number(),
  traceReal: z.number(),
  traceFake: z.number(),
  traceRoot: z.number().describe("tr (S1 S2)^(1/2), of which twice is subtracted"),
  rankReal: z.int(),
  rankFake: z.int(),
  conditionReal: z.number().describe("the condition number of the covariance is at least this"),
  conditionFake: z.number(),
  bootstrap: bootstrap.optional(),
});

const side = z.object({
  name: z.string(),
  images: z.int().nullable().describe("null where only mean and covariance are known, without their count"),
  imageSize: z.string().nullable(),
});

const metrics = z.object({
  fid: frechet.optional(),
  sfid: frechet.optional(),
  is: z.object({ value: z.number(), std: z.number(), splits: z.int() }).optional(),
  kid: z.object({ value: z.number(), std: z.number(), subsets: z.int(), subsetSize: z.int() }).optional(),
  pr: z
    .object({
      k: z.int(),
      arithmetic: z.enum(["exact", "adm-float16"]),
      precision: share,
      recall: share,
      precisionStrict: share.optional(),
      recallStrict: share.optional(),
      stdPrecision: z.number().describe("as of a share of independent images, with the balls held fixed"),
      stdRecall: z.number(),
      realism: z.number().optional(),
    })
    .optional(),
  dc: z.object({ k: z.int(), density: z.number(), coverage: share }).optional(),
  prd: z
    .object({
      f8: share,
      f1_8: share,
      stdF8: z.number(),
      stdF1_8: z.number(),
      clusters: z.int(),
      runs: z.int(),
      imagesOfEach: z.int(),
      curve: z.array(z.tuple([share, share])).describe("recall, precision"),
    })
    .optional(),
  fidInfinity: z
    .object({
      value: z.number().describe("FID of infinitely many samples, estimated"),
      slope: z.number(),
      residual: z.number(),
      sizes: z.array(z.int()),
      distances: z.array(z.number()),
    })
    .optional(),
  perClass: z
    .array(z.object({ label: z.int(), real: z.int(), fake: z.int(), fid: z.number().nullable() }))
    .optional()
    .describe("fid is null for a class with fewer than two images on a side"),
});

/** What an evaluation says: every number with what it needs to be understood and made again. */
export const reportSchema = z.object({
  format: z.literal("dit.eval-fid.report/1"),
  versions: z.record(z.string(), z.string()),
  mode: z.string().describe("whose conventions hold where programs differ"),
  seed: z.int().describe("of subsets, clusterings and resamples"),
  network: z.string(),
  networkHash: z.string(),
  route: z.string().describe("resizing and scaling before the network"),
  real: side,
  fake: side,
  notes: z.array(z.string()).describe("what a reader should know before trusting a number"),
  metrics,
  floor: side
    .pick({ name: true, images: true })
    .extend({ metrics })
    .optional()
    .describe("the same numbers for real images in the place of the samples: what no model could do better than"),
  verification: z
    .object({ backend: z.string(), largestDeviation: z.number() })
    .optional()
    .describe("what the backend made of the Inception network with known weights, against the float64 reference"),
});

export type EvaluationReport = z.infer<typeof reportSchema>;

/** The schema for other programs, as JSON Schema. */
export function reportJsonSchema(): object {
  return z.toJSONSchema(reportSchema);
}
