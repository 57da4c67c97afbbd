import type { CompositeName, Node } from "@dit/core/internal";
import { sizeOf } from "@dit/core/internal";
import { attr } from "../onnx/model";
import { convolution, poolAttributes } from "./convolution";
import type { Lowering } from "./primitives";

/** The composites that onnxruntime's CPU provider has kernels for. */
export const composites: { readonly [C in CompositeName]?: Lowering<Node<C>> } = {
  sigmoid: (emit, _, inputs) => emit.op("Sigmoid", inputs),
  silu: (emit, _, inputs) =>
    emit.op("QuickGelu", inputs, { domain: "com.microsoft", attributes: { alpha: attr.float(1) } }),
  gelu: (emit, _, inputs) => emit.op("Gelu", inputs, { attributes: { approximate: attr.string("tanh") } }),
  softmax: (emit, _, inputs) => emit.op("Softmax", inputs, { attributes: { axis: attr.int(-1) } }),
  layerNorm: (emit, { shape, attributes: { epsilon } }, [x]) =>
    emit.op("LayerNormalization", [x!, emit.filled(1, shape.at(-1)!)], {
      attributes: { axis: attr.int(-1), epsilon: attr.float(epsilon) },
    }),
  rmsNorm: (emit, { shape, attributes: { epsilon } }, [x]) =>
    emit.op("RMSNormalization", [x!, emit.filled(1, shape.at(-1)!)], {
      attributes: { axis: attr.int(-1), epsilon: attr.float(epsilon) },
    }),
  linear: (emit, { shape, inputs: [x, weight] }, [xName, weightName, biasName]) => {
    // Where the weight is known, it is stored the way MatMul reads fastest; Gemm's bias costs a pass over the result.
    const known = emit.transposed(weightName!);
    if (known !== undefined) return emit.op("Add", [emit.op("MatMul", [xName!, known]), biasName!]);
    const rows = [sizeOf(shape.slice(0, -1)), weight.shape[1]!];
    const input = x.rank === 2 ? xName! : emit.reshape(xName!, rows);
    const output = emit.op("Gemm", [input, weightName!, biasName!], { attributes: { transB: attr.int(1) } });
    return x.rank === 2 ? output : emit.reshape(output, shape);
  },
  biasedConv2d: convolution,
  avgPool2d: (emit, { attributes }, inputs) =>
    emit.op("AveragePool", inputs, {
      attributes: { ...poolAttributes(attributes), count_include_pad: attr.int(attributes.countsPadding ? 1 : 0) },
    }),
  upsampleNearest: (emit, { attributes: { factor } }, [x]) =>
    emit.op("Resize", [x!, "", emit.floats([1, 1, factor, factor])], {
      attributes: { coordinate_transformation_mode: attr.string("asymmetric"), nearest_mode: attr.string("floor") },
    }),
  attention: (emit, { attributes: { heads } }, inputs) =>
    emit.op("Attention", inputs, { attributes: { q_num_heads: attr.int(heads), kv_num_heads: attr.int(heads) } }),
};
