import type { Tensor } from "@dit/core";
import { accurateSines } from "@dit/core/internal";
import { attr, elementTypes } from "../onnx/model";
import { composites, gemm } from "./composites";
import type { Emitter } from "./emitter";
import { biasedGelu } from "./fusions/biasedGelu";
import { fusionsBy } from "./fusions/fusion";
import { halfNorm, modulatedNorm, residualNorm } from "./fusions/norms";
import { primitives, reduction, standardMatmul } from "./primitives";
import type { CompositeTable, PrimitiveTable, Target } from "./target";

// Graphics processors: every node of these lowerings has a kernel in onnxruntime's CUDA and WebGPU providers, with all
// shapes known beforehand, so that nothing is left for the processor. What both must share is operator set 18, the newest
// for which CUDA has Loop and Pad.

const microsoft = "com.microsoft" as const;

const graphicsComposites: CompositeTable = {
  ...composites,
  gelu: (emit, _, inputs) => emit.op("FastGelu", inputs, { domain: microsoft }),
  rmsNorm: (emit, { shape, attributes: { epsilon } }, [x]) =>
    emit.op("SimplifiedLayerNormalization", [x!, emit.filled(1, shape.at(-1)!)], {
      attributes: { axis: attr.int(-1), epsilon: attr.float(epsilon) },
    }),
  linear: gemm,
  attention: (emit, { attributes: { heads } }, inputs) =>
    emit.op("MultiHeadAttention", inputs, { domain: microsoft, attributes: { num_heads: attr.int(heads) } }),
};

const graphicsPrimitives: PrimitiveTable = {
  ...primitives,
  // A choice between x and x. A shape worked out from the others, as on a processor, would bring them there.
  barrier: (emit, { inputs: [, ...after] }, [x, ...names]) => {
    const condition = emit.once(`either of ${names}`, () => truthFrom(emit, after, names));
    return emit.op("Where", [condition, x!, x!]);
  },
  reduceSum: reduction("ReduceSum"),
};

/** A bool that depends on the first element of each tensor, whatever it is. */
function truthFrom(emit: Emitter, tensors: readonly Tensor[], names: readonly string[]): string {
  const toFloat = { attributes: { to: attr.int(elementTypes.float32.code) } };
  const sum = tensors
    .map((_, i) => emit.op("Cast", [emit.op("Gather", [emit.reshape(names[i]!, [-1]), emit.ints([0])])], toFloat))
    .reduce((a, b) => emit.op("Add", [a, b]));
  return emit.op("Cast", [emit.reshape(sum, [])], { attributes: { to: attr.int(elementTypes.bool.code) } });
}

export const cuda: Target = {
  opset: 18,
  primitives: graphicsPrimitives,
  composites: graphicsComposites,
  weights: "f32",
  wide: new Set(),
  prepare: (graph) => graph,
  fusions: fusionsBy(modulatedNorm({ dtypes: ["f32", "f16"], perSample: true }), halfNorm, biasedGelu),
};

/** WebGPU's attention in f16 has given values that are no numbers where the processor's are right. */
const unsafeInF16 = new Set(["attention"] as const);

/** WebGPU's InstanceNormalization takes no notice of its epsilon, so that a group norm is a layer norm of each group. */
const { groupNorm: _, ...webgpuComposites } = graphicsComposites;

export const webgpu: Target = {
  ...cuda,
  composites: webgpuComposites,
  primitives: {
    ...graphicsPrimitives,
    matmul: standardMatmul,
    // It cuts floats alone; rows of anything can be gathered.
    slice: (emit, node, inputs) => {
      const { shape, attributes, inputs: [x], dtype } = node; // biome-ignore format: one line
      if (dtype !== "i32" && dtype !== "bool") return primitives.slice(emit, node, inputs);
      return shape.reduce((value, size, axis) => {
        if (size === x.shape[axis]) return value;
        const rows = emit.ints(Array.from({ length: size }, (_, i) => attributes.starts[axis]! + i));
        return emit.op("Gather", [value, rows], { attributes: { axis: attr.int(axis) } });
      }, inputs[0]!);
    },
  },
  // Its norms take one scale for all samples; CUDA's norm of a sum adds up in half precision.
  fusions: fusionsBy(residualNorm, halfNorm, biasedGelu),
  wide: unsafeInF16,
  prepare: accurateSines,
};
