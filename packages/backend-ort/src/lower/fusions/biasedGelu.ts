import { gemm } from "../composites";
import type { Fusion, Pattern } from "./fusion";

/** A linear layer and its GELU: the bias is added where the GELU reads the product, and not in a pass of its own. */
export const biasedGelu: Pattern = (node, { isStep }) => {
  const layer = node.is("gelu") ? node.inputs[0] : undefined;
  if (!layer?.is("linear") || !isStep(layer)) return undefined;
  const fusion: Fusion = {
    hidden: [layer],
    inputs: layer.inputs,
    lower: (emit, [x, weight, bias]) => {
      const product = emit.within(layer.scope, () => gemm(emit, layer, [x!, weight!]));
      return emit.op("FastGelu", [product, bias!], { domain: "com.microsoft" });
    },
  };
  return new Map([[node, fusion]]);
};
