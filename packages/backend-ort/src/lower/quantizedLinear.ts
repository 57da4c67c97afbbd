import { blocksPerRow, f32ArrayToF16, littleEndianBytes, type Node, sizeOf } from "@dit/core/internal";
import { elementTypeOf } from "../elementTypes";
import { attr } from "../onnx/model";
import { smallestSample } from "./batchSplit";
import { composites } from "./composites";
import type { Emitter } from "./emitter";
import { packBlocks } from "./packBlocks";
import { integerFormats, type QuantizedFormat, quantizedMatrix, type WeightFormat } from "./quantizedMatrix";
import type { Lowering, Target } from "./target";
import { transpose } from "./transpose";

type Linear = Node<"linear">;

/** How a linear layer becomes ONNX, by the integers that its weight is held in. */
const linears: { readonly [F in QuantizedFormat]: Lowering<Linear> } = {
  int8: (emit, node, names) => {
    if (isThin(node)) return composites.linear(emit, node, names);
    return hasOneScale(node) ? byOneScale(emit, names) : byBlocks("int8", emit, node, names);
  },
  int4: (emit, node, names) =>
    isThin(node) ? composites.linear(emit, node, names) : byBlocks("int4", emit, node, names),
};

/** A target whose linear layers hold their weights in another format. */
export function holding(weights: WeightFormat, target: Target): Target {
  if (weights === "f32") return target;
  return { ...target, weights, composites: { ...target.composites, linear: linears[weights] } };
}

/**
 * Whether a layer keeps its weight: the first and the last of a network have few channels on one side, hence little weight,
 * and no other layer evens their errors out.
 */
export function isThin({ inputs: [, weight] }: Linear): boolean {
  return Math.min(...weight.shape) < 64;
}

/**
 * The fastest product has one scale for all of its activations, which samples must not share: what an image looks like
 * would depend on what is drawn beside it. So it takes the values that go sample by sample in a batch of any size.
 */
function hasOneScale({ dtype, shape, inputs: [x] }: Linear): boolean {
  const largest = Math.max(sizeOf(x.shape), sizeOf(shape));
  return dtype === "f32" && x.rank === 3 && x.shape[0] === 1 && largest >= smallestSample;
}

/** x in unsigned 8 bits with one scale and one zero point, times int8. Layers that read the same x share its rounding. */
function byOneScale(emit: Emitter, [x, weight, bias]: readonly string[]): string {
  const { rows, columns, scales, integers } = quantizedMatrix(emit.valueOf(weight!)!, "int8", "f32");
  const scaleName = emit.shared(`${weight}.scales`, {
    elementType: "float32",
    dims: [rows],
    data: () => littleEndianBytes(scales()),
  });
  // Signed, the kernel is twice as fast as unsigned.
  const weightName = emit.shared(`${weight}.int8`, {
    elementType: "int8",
    dims: [columns, rows],
    data: () => littleEndianBytes(transpose(integers(), rows, columns)),
  });
  const rounded = emit.once(`rounded ${x}`, () => emit.ops("DynamicQuantizeLinear", [x!], 3)[0]!);
  const inputs = [rounded, weightName, `${rounded}.1`, scaleName, `${rounded}.2`, "", bias!];
  return emit.op("MatMulIntegerToFloat", inputs, { domain: "com.microsoft" });
}

/** x in 8 bits with a scale to each block of each row, times integers in such blocks. */
function byBlocks(
  kind: QuantizedFormat,
  emit: Emitter,
  { dtype }: Linear,
  [x, weight, bias]: readonly string[],
): string {
  const { rows, columns, scales, integers } = quantizedMatrix(emit.valueOf(weight!)!, kind, dtype);
  const format = integerFormats[kind];
  const block = Number.isFinite(format.block) ? format.block : rowBlock(columns);
  const blocks = blocksPerRow(columns, { ...format, block });
  const weightName = emit.shared(`${weight}.${kind} blocks`, {
    elementType: "uint8",
    dims: [rows, blocks, (block * format.bits) / 8],
    data: () => packBlocks(integers(), [rows, columns], format, block),
  });
  const scaleName = emit.shared(`${weight}.${kind} block scales ${dtype}`, {
    elementType: elementTypeOf[dtype],
    dims: [rows, blocks],
    data: () => {
      const values = repeated(scales(), rows * blocks);
      return littleEndianBytes(dtype === "f16" ? f32ArrayToF16(values) : values);
    },
  });
  return emit.op("MatMulNBits", [x!, weightName, scaleName, "", "", bias!], {
    domain: "com.microsoft",
    attributes: {
      K: attr.int(columns),
      N: attr.int(rows),
      bits: attr.int(format.bits),
      block_size: attr.int(block),
      accuracy_level: attr.int(dtype === "f16" && emit.isBody ? exactActivations : int8Activations),
    },
  });
}

/** Where a row has one scale, blocks repeat it: of 128 numbers, or fewer where those would have to be filled up. */
function rowBlock(columns: number): number {
  return [128, 64].find((block) => columns % block === 0) ?? 32;
}

/** MatMulNBits's number for products of 8 bits; in f32 they take longer than those of f32 weights. */
const int8Activations = 4;

/**
 * Its number for products in f32. onnxruntime 1.30 packs the f16 scales of products of 8 bits wrongly where they lie
 * outside the graph that reads them, as they do for a loop's body: what comes out is off by a third.
 */
const exactActivations = 1;

/** Each value as often as it takes to be `length` of them. */
function repeated(values: Float32Array, length: number): Float32Array {
  const times = length / values.length;
  return times === 1 ? values : Float32Array.from({ length }, (_, i) => values[Math.floor(i / times)]!);
}
