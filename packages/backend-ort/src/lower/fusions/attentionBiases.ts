import { lazyTensor, type Tensor } from "@dit/core";
import type { Node } from "@dit/core/internal";
import { composites } from "../composites";
import type { Emitter } from "../emitter";
import type { Fusion, Pattern, Uses } from "./fusion";

/**
 * Attention and its projection without two passes over all tokens. The keys' bias adds the same to all scores of a query,
 * which a softmax does not see. The values' bias comes out of attention as it is, since the weights of a query add up to
 * one: the projection carries it into its own bias, once and for all.
 */
export const attentionBiases: Pattern = (node, uses) => {
  const projection = node.is("linear") && node.dtype === "f32" ? node : undefined;
  const attention = projection?.inputs[0];
  if (!projection || !attention?.is("attention") || !uses.isStep(attention)) return undefined;
  const [queries, keys, values] = attention.inputs;
  if (keys === values || !isLayer(keys, uses) || !isLayer(values, uses)) return undefined;
  const fusion: Fusion = {
    hidden: [attention, keys, values],
    inputs: [queries, ...keys.inputs, ...values.inputs, projection.inputs[1], projection.inputs[2]],
    lower: (emit, [q, k, keyWeight, keyBias, v, valueWeight, valueBias, weight, bias]) => {
      const areKnown = [keyWeight!, valueWeight!].every((name) => emit.valueOf(name) !== undefined);
      const carried = areKnown ? carriedBias(emit, weight!, bias!, valueBias!) : undefined;
      const layer = (of: Node<"linear">, names: readonly [string, string, string]) =>
        emit.within(of.scope, () =>
          carried === undefined
            ? composites.linear(emit, of, names)
            : emit.op("MatMul", [names[0], emit.transposed(names[1])!]),
        );
      const operands = [q!, layer(keys, [k!, keyWeight!, keyBias!]), layer(values, [v!, valueWeight!, valueBias!])];
      const mixed = emit.within(attention.scope, () => composites.attention(emit, attention, operands));
      return composites.linear(emit, projection, [mixed, weight!, carried ?? bias!]);
    },
  };
  return new Map([[node, fusion]]);
};

function isLayer(x: Tensor, { isStep }: Uses): x is Node<"linear"> {
  return x.is("linear") && isStep(x);
}

/** bias + weight times `added`; undefined where they are not known before the run. */
function carriedBias(emit: Emitter, weight: string, bias: string, added: string): string | undefined {
  const [matrix, start, vector] = [weight, bias, added].map((name) => emit.valueOf(name));
  if (matrix === undefined || start === undefined || vector === undefined) return undefined;
  const load = () => {
    const [weights, x] = [matrix.data, vector.data];
    return Float32Array.from(start.data, (sum, row) => {
      for (let i = 0; i < x.length; i++) sum += weights[row * x.length + i]! * x[i]!;
      return sum;
    });
  };
  const name = `${bias} + ${weight} ${added}`;
  emit.bind(name, lazyTensor("f32", start.shape, load));
  return name;
}
