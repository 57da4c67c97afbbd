import { ConfigError } from "../../ir/errors";
import { type FlowConfig, samplingRange } from "../flow/config";
import { type PathPoint, pathAt } from "../flow/path";
import { type FromX, ofVelocity } from "../flow/prediction";
import { type DiffusionForm, diffusionForms } from "../flow/sde";
import { flowColumns } from "./flowColumns";
import { type SamplerRow, type SamplerTable, samplerRow } from "./table";

export type SdeMethod = "eulerMaruyama" | "heun";

/**
 * How the last stretch to time 1, which draws nothing, is taken: along the drift of the SDE (`mean`), along the velocity
 * (`euler`), to the mean of the image given x (`tweedie`), or not at all.
 */
export type LastStep = "mean" | "euler" | "tweedie" | "none";

export interface FlowSdeOptions {
  readonly method: SdeMethod;
  readonly form: DiffusionForm;
  /** Steps that draw noise, of equal length. The last stretch is a step more. */
  readonly steps: number;
  readonly lastStep: LastStep;
  /** Length of the last stretch, where there is one. */
  readonly lastStepSize: number;
  readonly clip?: boolean;
}

/**
 * A flow with noise added and drawn out again as it goes: dx = (v + w score) dt + sqrt(2 w) dW (arXiv 2401.08740,
 * section 3.3), with w of the given form. Heun's method draws the noise of a step before its two calls.
 * @throws ConfigError where a time is met at which the score has no value
 */
export function flowSde(
  flow: Pick<FlowConfig, "path" | "prediction">,
  { method, form, steps, lastStep, lastStepSize, clip = false }: FlowSdeOptions,
): SamplerTable {
  const range = samplingRange(flow);
  // Differs: SiT starts a velocity model with this form at time 0, where the linear and gvp paths make it infinite.
  const from = form === "sbdm" && flow.path !== "vp" ? Math.max(range.from, 1e-3) : range.from;
  const to = lastStep === "none" ? range.to : 1 - lastStepSize;
  const dt = (to - from) / steps;
  const drift = driftOf(form);
  const rows = Array.from({ length: steps }, (_, k) => {
    const at = (step: number) => from + ((to - from) * step) / steps;
    const std = Math.sqrt(2 * diffusionForms[form](pathAt(flow.path, at(k))) * dt);
    const first = flowColumns(flow, at(k), clip, drift);
    switch (method) {
      case "eulerMaruyama":
        return [samplerRow({ ...first, fromX: 1, fromD: dt, std })];
      case "heun":
        return [
          samplerRow({ ...first, noiseBefore: std, fromAnchor: 1, fromD: dt }),
          samplerRow({
            ...flowColumns(flow, at(k + 1), clip, drift),
            ...{ starts: 0, fromAnchor: 1, fromD: dt / 2, fromD1: dt / 2 },
          }),
        ];
      default:
        return method satisfies never;
    }
  }).flat();
  if (lastStep !== "none") rows.push(lastRow(flow, to, lastStep, drift, clip));
  requireFinite(rows);
  return { rows, learnedVariance: false, startScale: 1 };
}

/** v + w score, of the velocity v. */
function driftOf(form: DiffusionForm): (point: PathPoint) => FromX {
  return (point) => {
    const [w, score] = [diffusionForms[form](point), ofVelocity.score(point)];
    return { fromX: w * score.fromX, from: 1 + w * score.from };
  };
}

function lastRow(
  flow: Pick<FlowConfig, "path" | "prediction">,
  time: number,
  lastStep: Exclude<LastStep, "none">,
  drift: (point: PathPoint) => FromX,
  clip: boolean,
): SamplerRow {
  switch (lastStep) {
    case "mean":
      return samplerRow({ ...flowColumns(flow, time, clip, drift), fromX: 1, fromD: 1 - time });
    case "euler":
      return samplerRow({ ...flowColumns(flow, time, clip), fromX: 1, fromD: 1 - time });
    case "tweedie": {
      const { alpha, sigma } = pathAt(flow.path, time);
      const columns = flowColumns(flow, time, clip, ofVelocity.score);
      return samplerRow({ ...columns, fromX: 1 / alpha, fromD: sigma ** 2 / alpha });
    }
    default:
      return lastStep satisfies never;
  }
}

function requireFinite(rows: readonly SamplerRow[]): void {
  const wrong = rows.find((row) => !Object.values(row).every(Number.isFinite));
  if (wrong === undefined) return;
  throw new ConfigError(
    `the score has no value at time ${wrong.timestep}, which this sampler meets; give it a last step`,
  );
}
