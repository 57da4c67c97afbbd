import {
  bindParams,
  f32,
  type Graph,
  type HostTensor,
  lazyTensor,
  paramTypes,
  toFloat32,
  trace,
  type Weights,
} from "@dit/core";
import type { TensorFile } from "@dit/core/internal";
import type { RouteName } from "../../images/routes";
import type { GraphNetwork } from "../graphFeatures";
import { hashOfWeights } from "../hashOfWeights";
import { foldNorms } from "./foldNorms";
import { inception, inceptionSize, inceptionSpec } from "./inception";

/** images: [batch, 3, 299, 299] -> features, spatial, logits; its parameters are inputs `params.*`. */
export function inceptionGraph(batch: number): Graph {
  const spec = inceptionSpec();
  const signature = { params: paramTypes(spec).all, images: f32([batch, 3, inceptionSize, inceptionSize]) };
  return trace("inception", signature, ({ params, images }) => inception(bindParams(spec, params), images));
}

/**
 * The weights of a file in the form in which they are computed: `pt_inception-2015-12-05-6726825d.pth` of pytorch-fid, the file of
 * torch-fidelity, or safetensors with the same names.
 * @throws FormatError when they are other weights
 */
export function inceptionWeights({ tensors }: TensorFile): Weights {
  const stored = [...tensors].map(([name, tensor]): [string, HostTensor<"f32">] => [
    name,
    lazyTensor("f32", tensor.shape, () => toFloat32(tensor)),
  ]);
  return foldNorms(Object.fromEntries(stored));
}

/** The network with such weights, for `graphFeatures`. @param batch images in one run */
export async function inceptionNetwork(weights: Weights, route: RouteName, batch = 16): Promise<GraphNetwork> {
  return {
    name: "inception-2015-12-05",
    hash: await hashOfWeights(weights),
    graph: inceptionGraph,
    weights: Object.fromEntries(Object.entries(weights).map(([name, weight]) => [`params.${name}`, weight])),
    batch,
    size: inceptionSize,
    route,
  };
}
