import type { Node } from "@dit/core/internal";
import { sizeOf } from "@dit/core/internal";
import { attr } from "../onnx/model";
import { convolution, poolAttributes } from "./convolution";
import type { Emitter } from "./emitter";
import type { CompositeTable, Lowering } from "./target";

/** x [.., K] times weight [M, K] transposed, plus bias [M] where it is given, by one kernel on 2-D views. */
export const gemm: Lowering<Node<"linear">> = (emit, { shape, inputs: [x, weight] }, [xName, ...others]) => {
  const rows = [sizeOf(shape.slice(0, -1)), weight.shape[1]!];
  const input = x.rank === 2 ? xName! : emit.reshape(xName!, rows);
  const output = emit.op("Gemm", [input, ...others], { attributes: { transB: attr.int(1) } });
  return x.rank === 2 ? output : emit.reshape(output, shape);
};

function blockedLinear(emit: Emitter, node: Node<"linear">, [a, b, bias]: readonly string[]): string | undefined {
  const { dtype, shape } = node;
  if (dtype !== "f32") return undefined;
  const [n, k] = node.inputs[1].shape as readonly [number, number];
  const sizes = { m: sizeOf(shape.slice(0, -1)), k, n };
  return emit.blocks?.product({ a: a!, b: b!, bias: bias!, transposeA: false, transposeB: true, sizes, shape });
}

/** The composites that onnxruntime's CPU provider has kernels for. */
export const composites = {
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
  linear: (emit, node, inputs) => {
    const [x, weight, bias] = inputs;
    // Where the weight is known, it is stored the way MatMul reads fastest; Gemm's bias costs a pass over the result.
    const known = emit.transposed(weight!);
    if (known !== undefined) return emit.op("Add", [emit.op("MatMul", [x!, known]), bias!]);
    return blockedLinear(emit, node, inputs) ?? gemm(emit, node, inputs);
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
  groupNorm: (emit, { shape, attributes: { groups, epsilon } }, [x, weight, bias]) => {
    const [n, channels] = shape as readonly [number, number];
    const rows = emit.reshape(x!, [n, groups, sizeOf(shape) / (n * groups)]);
    const ofGroups = emit.op("InstanceNormalization", [rows, emit.filled(1, groups), emit.filled(0, groups)], {
      attributes: { epsilon: attr.float(epsilon) },
    });
    // As a batch norm with known statistics, scale and shift are one pass over memory.
    const statistics = [emit.filled(0, channels), emit.filled(1, channels)];
    return emit.op("BatchNormalization", [emit.reshape(ofGroups, shape), weight!, bias!, ...statistics], {
      attributes: { epsilon: attr.float(0) },
    });
  },
  attention: (emit, { attributes: { heads } }, inputs) =>
    emit.op("Attention", inputs, { attributes: { q_num_heads: attr.int(heads), kv_num_heads: attr.int(heads) } }),
} satisfies CompositeTable;
