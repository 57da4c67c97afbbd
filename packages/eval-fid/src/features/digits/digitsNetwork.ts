import {
  bindParams,
  conv2d,
  conv2dSpec,
  type F32,
  FormatError,
  f32,
  type Graph,
  hostTensor,
  linear,
  linearSpec,
  type Params,
  paramTypes,
  toFloat32,
  trace,
  type Weights,
} from "@dit/core";
import { paramsOf, sameShape, type TensorFile } from "@dit/core/internal";
import type { GraphNetwork } from "../graphFeatures";
import { hashOfWeights } from "../hashOfWeights";

/** Numbers by which an image is judged. */
const width = 64;

/** Pixels to a side. */
export const digitsSize = 28;

/** He et al., arXiv 1502.01852, equation 10: keeps the size of activations where ReLU takes half of them. */
const convolution = (from: number, to: number) =>
  conv2dSpec(from, to, 3, { kind: "normal", std: Math.sqrt(2 / (9 * from)) });

/** Height and width 28, 14, 7, 7; 60,426 parameters. */
export const digitsSpec = () => ({
  conv1: convolution(1, 16),
  conv2: convolution(16, 32),
  conv3: convolution(32, width),
  conv4: convolution(width, width),
  fc: linearSpec(width, 10),
});

/**
 * A small classifier of handwritten digits, for judging models of them: nothing beyond digits means anything to it.
 * x: one channel, [N, 1, 28, 28], -1 black to 1 white -> features [N, 64], logits of the ten classes [N, 10]
 */
export function digitsNetwork(p: Params<ReturnType<typeof digitsSpec>>, x: F32) {
  x = conv2d(p.conv1, x, { padding: 1 }).max(0);
  x = conv2d(p.conv2, x, { padding: 1, stride: 2 }).max(0);
  x = conv2d(p.conv3, x, { padding: 1, stride: 2 }).max(0);
  x = conv2d(p.conv4, x, { padding: 1 }).max(0); // [N, 64, 7, 7]
  const features = x.mean([2, 3]);
  return { features, logits: linear(p.fc, features) };
}

/** images: in grey, as three equal channels, [batch, 3, 28, 28] -> features, logits */
export function digitsGraph(batch: number): Graph {
  const spec = digitsSpec();
  const signature = { params: paramTypes(spec).all, images: f32([batch, 3, digitsSize, digitsSize]) };
  return trace("digits network", signature, ({ params, images }) =>
    digitsNetwork(bindParams(spec, params), images.slice(1, 0, 1)),
  );
}

/** The network of `digits.safetensors`, which comes with this package. @throws FormatError when the file is another */
export async function digitsFeatures({ tensors }: TensorFile, batch = 100): Promise<GraphNetwork> {
  const weights: Weights = Object.fromEntries(
    Object.entries(paramsOf(digitsSpec())).map(([name, { shape }]) => {
      const tensor = tensors.get(name);
      if (tensor === undefined || !sameShape(tensor.shape, shape))
        throw new FormatError(
          `these are not the weights of the digits network: ${name} is missing, or of another shape`,
        );
      return [name, hostTensor("f32", shape, toFloat32(tensor))];
    }),
  );
  return {
    name: "digits",
    hash: await hashOfWeights(weights),
    graph: digitsGraph,
    weights: Object.fromEntries(Object.entries(weights).map(([name, weight]) => [`params.${name}`, weight])),
    batch,
    size: digitsSize,
    route: "pytorch-fid",
  };
}
