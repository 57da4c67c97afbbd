import type { Tensor } from "@dit/core";
import {
  type CompositeName,
  type InputsOf,
  isComposite,
  type Node,
  type OpName,
  type PrimitiveName,
} from "@dit/core/internal";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { TfjsDevice } from "../devices";
import type { Kernels } from "../kernels";
import { composites, linear } from "./composites";
import type { Fuser } from "./fusion";
import { imageOperations } from "./images";
import { primitives } from "./primitives";
import { wasm } from "./wasm";
import { webgpu } from "./webgpu";
import { fusedKernel, webgpuFuser } from "./webgpuFusion";

type Each<T extends readonly unknown[]> = { readonly [K in keyof T]: TensorInfo };

/** Computes one node by the kernels of a device. What it makes on the way is freed when it returns. */
export type LoweringOf<O extends OpName> = (k: Kernels, node: Node<O>, inputs: Each<InputsOf<O>>) => TensorInfo;

/** The same, of whatever operation. */
export type Lowering = (k: Kernels, node: unknown, inputs: readonly TensorInfo[]) => TensorInfo;

/** The primitives that are computed rather than given. */
export type Computed = Exclude<PrimitiveName, "input">;

/** How a device computes every primitive, and the composites that it has kernels for. */
export type Table = { readonly [P in Computed]: LoweringOf<P> } & {
  readonly [C in CompositeName]?: LoweringOf<C>;
};

/** What a device does in a way of its own. */
export type Overrides = Partial<Table>;

const overrides: { readonly [D in TfjsDevice]: Overrides } = {
  cpu: { linear },
  wasm,
  webgl: { linear },
  webgpu,
};

/** Several elementwise nodes in one kernel. */
interface Fusion {
  readonly fuser: Fuser;
  /** The kernel of a group, which is given the values of what the group reads. */
  kernelOf(group: readonly Tensor[]): (k: Kernels, values: readonly TensorInfo[]) => TensorInfo;
}

const fusions: { readonly [D in TfjsDevice]?: Fusion } = { webgpu: { fuser: webgpuFuser, kernelOf: fusedKernel } };

/** How a device computes: everything that it runs, and what it runs together. */
export interface Way {
  readonly table: Table;
  readonly fusion: Fusion | undefined;
}

const images = imageOperations((k, x) => k.run("Transpose", { x }, { perm: [0, 2, 1] }));

export function wayOf(device: TfjsDevice): Way {
  const table = { ...primitives, ...composites, ...images, ...overrides[device] };
  return { table, fusion: fusions[device] };
}

/** The composites that a table has rows for. */
export function nativeComposites(table: Table): ReadonlySet<CompositeName> {
  return new Set((Object.keys(table) as (keyof Table)[]).filter(isComposite));
}
