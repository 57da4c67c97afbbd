import type { DType, Tensor } from "@dit/core";
import { sameShape, sizeOf } from "@dit/core/internal";
import { attr } from "../../onnx/model";
import type { Emitter } from "../emitter";
import type { Fusion, Pattern, Uses } from "./fusion";

// Layer norms together with what comes before and after them. The kernels add up in float32 whatever the type of their input
// is, so that a norm of half precision, which the graph casts there and back, is one node too.

/** What a runtime's LayerNormalization can do. */
interface Modulations {
  readonly dtypes: readonly DType[];
  /** Whether it takes a scale and a shift of each sample [N, 1, D], beside those of all samples. */
  readonly perSample: boolean;
}

/** A norm with a scale and a shift of each channel, which are the same for all tokens: LayerNormalization does all three. */
export function modulatedNorm({ dtypes, perSample }: Modulations): Pattern {
  return (sum, uses) => {
    const { isStep } = uses;
    const [product, shift] = operands(sum, "add", (x) => x.is("mul") && isStep(x)) ?? [];
    const [normed, scale] =
      (product && operands(product, "mul", (x) => isStep(x) && normOf(x, uses) !== undefined)) ?? [];
    if (normed === undefined) return undefined;
    const { input, hidden, attributes } = normOf(normed, uses)!;
    const areShared = isPerChannel(scale!, input) && isPerChannel(shift!, input);
    const arePerSample = perSample && isPerSample(scale!, input) && isPerSample(shift!, input);
    if (!dtypes.includes(input.dtype) || !(areShared || arePerSample)) return undefined;
    const fusion: Fusion = {
      hidden: [product!, normed, ...hidden],
      inputs: [input, scale!, shift!],
      lower: (emit, inputs) => emit.op("LayerNormalization", inputs, { attributes }),
    };
    return new Map([[sum, fusion]]);
  };
}

/** A norm of half precision. */
export const halfNorm: Pattern = (normed, uses) => {
  const { input, hidden, attributes } = normOf(normed, uses) ?? {};
  if (input?.dtype !== "f16") return undefined;
  const fusion: Fusion = {
    hidden: hidden!,
    inputs: [input],
    lower: (emit, [x]) => emit.op("LayerNormalization", [x!, onesFor(emit, input)], { attributes: attributes! }),
  };
  return new Map([[normed, fusion]]);
};

/** The sum at which a residual path ends, and its norm: SkipLayerNormalization puts out both. */
export const residualNorm: Pattern = (normed, uses) => {
  const { input: sum, hidden, epsilon } = normOf(normed, uses) ?? {};
  if (!sum?.is("add") || !sum.inputs.every(({ shape }) => sameShape(shape, sum.shape))) return undefined;
  if (sum.rank !== 2 && sum.rank !== 3) return undefined;
  const attributes = { epsilon: attr.float(epsilon!) };
  /** Its outputs are the norm, two that WebGPU does not make, and the sum. */
  const both = (emit: Emitter, [a, b]: readonly string[]) =>
    emit.once(`norm of ${a} + ${b}, ${epsilon}`, () => {
      const inputs = [a!, b!, onesFor(emit, sum)];
      return emit.ops("SkipLayerNormalization", inputs, 4, {
        domain: "com.microsoft",
        attributes,
        omitted: [1, 2],
      })[0]!;
    });
  return new Map<Tensor, Fusion>([
    [sum, { hidden: [], inputs: sum.inputs, lower: (emit, inputs) => `${both(emit, inputs)}.3` }],
    [normed, { hidden: hidden!, inputs: sum.inputs, lower: both }],
  ]);
};

/** What is normed where `x` is a layer norm, in float32 or half precision, and the nodes in between that nothing else reads. */
export function normOf(x: Tensor, { isStep }: Uses) {
  const narrowed = x.is("cast") && x.dtype === "f16" && isStep(x.inputs[0]) ? x.inputs[0] : undefined;
  const norm = narrowed ?? x;
  if (!norm.is("layerNorm") || norm.dtype !== "f32") return undefined;
  const { epsilon } = norm.attributes;
  const attributes = { axis: attr.int(-1), epsilon: attr.float(epsilon) };
  const [wide] = norm.inputs;
  if (narrowed === undefined) return { input: wide, hidden: [], epsilon, attributes };
  if (!wide.is("cast") || wide.inputs[0].dtype !== "f16") return undefined;
  return { input: wide.inputs[0], hidden: [norm, ...(isStep(wide) ? [wide] : [])], epsilon, attributes };
}

/** The operands of a node of two different ones, the one that `isFirst` accepts before the other. */
function operands(node: Tensor, op: "add" | "mul", isFirst: (x: Tensor) => boolean): readonly Tensor[] | undefined {
  if (node.op !== op) return undefined;
  return [node.inputs, [...node.inputs].reverse()].find(([x, other]) => x !== other && isFirst(x!));
}

/** Whether `x` has a number for each channel of `normed` and no other axis. [D] or [.., 1, D] */
function isPerChannel(x: Tensor, { dtype, rank, shape }: Tensor): boolean {
  const isOfChannels = x.shape.at(-1) === shape.at(-1) && sizeOf(x.shape) === shape.at(-1);
  return isOfChannels && x.dtype === dtype && x.rank <= rank;
}

/** Whether `x` has a number for each channel of each sample of `normed`. [N, 1, D] */
function isPerSample(x: Tensor, { dtype, rank, shape: [samples, , channels] }: Tensor): boolean {
  return rank === 3 && x.dtype === dtype && sameShape(x.shape, [samples!, 1, channels!]);
}

export function onesFor(emit: Emitter, { dtype, shape }: Tensor): string {
  return emit.filled(1, shape.at(-1)!, dtype === "f16" ? "f16" : "f32");
}
