import { type FlowConfig, samplingRange } from "../flow/config";
import { flowColumns } from "./flowColumns";
import { type SamplerTable, samplerRow } from "./table";

/** An explicit Runge-Kutta method: stage i is taken at `nodes[i]` of the step, from x plus `stages[i]` of the stages before. */
interface Method {
  readonly nodes: readonly number[];
  readonly stages: readonly (readonly number[])[];
  readonly weights: readonly number[];
}

/** Methods of fixed step, of up to four stages, under the names that torchdiffeq gives them. A new one is a new row. */
export const odeMethods = {
  euler: { nodes: [0], stages: [[]], weights: [1] },
  midpoint: { nodes: [0, 1 / 2], stages: [[], [1 / 2]], weights: [0, 1] },
  heun2: { nodes: [0, 1], stages: [[], [1]], weights: [1 / 2, 1 / 2] },
  heun3: { nodes: [0, 1 / 3, 2 / 3], stages: [[], [1 / 3], [0, 2 / 3]], weights: [1 / 4, 0, 3 / 4] },
  /** Kutta's 3/8 rule. */
  rk4: {
    nodes: [0, 1 / 3, 2 / 3, 1],
    stages: [[], [1 / 3], [-1 / 3, 1], [1, -1, 1]],
    weights: [1 / 8, 3 / 8, 3 / 8, 1 / 8],
  },
} as const satisfies Record<string, Method>;

export type OdeMethod = keyof typeof odeMethods;

export interface FlowOdeOptions {
  readonly method: OdeMethod;
  /** Steps of equal length, one more than there are between grid points in SiT's counting of n points. */
  readonly steps: number;
  readonly clip?: boolean;
}

/** The flow from noise to data, dx = velocity dt, by a method of fixed step: a row for each stage of each step. */
export function flowOde(
  flow: Pick<FlowConfig, "path" | "prediction">,
  { method, steps, clip = false }: FlowOdeOptions,
): SamplerTable {
  const { nodes, stages, weights }: Method = odeMethods[method];
  const { from, to } = samplingRange(flow);
  const dt = (to - from) / steps;
  const rows = Array.from({ length: steps }, (_, k) =>
    nodes.map((node, i) => {
      // What leads on from here: to the next stage, or to the end of the step.
      const [d, d1 = 0, d2 = 0, d3 = 0] = (stages[i + 1] ?? weights).slice(0, i + 1).reverse();
      const start = nodes.length === 1 ? { fromX: 1 } : { starts: i === 0 ? 1 : 0, fromAnchor: 1 };
      return samplerRow({
        ...flowColumns(flow, from + ((to - from) * (k + node)) / steps, clip),
        ...start,
        ...{ fromD: dt * d!, fromD1: dt * d1, fromD2: dt * d2, fromD3: dt * d3 },
      });
    }),
  ).flat();
  return { rows, learnedVariance: false, startScale: 1 };
}
