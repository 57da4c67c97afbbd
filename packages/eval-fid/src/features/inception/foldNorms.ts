import { FormatError, type HostTensor, hostTensor, type Weights } from "@dit/core";
import { paramsOf, sameShape } from "@dit/core/internal";
import { storedInceptionSpec } from "./inception";

/** Added to variances before their root. */
const epsilon = 0.001;

/**
 * Weights as files store them -> weights as `inception` takes them: a normalisation by stored mean and variance is a scale and a
 * shift of each channel, which go into the convolution's weight and bias. In float64, rounded once. Other names in `stored`, such as
 * `num_batches_tracked`, are passed over.
 * @throws FormatError naming a parameter that is missing or has another shape
 */
export function foldNorms(stored: Weights): Weights {
  const folded: Record<string, HostTensor<"f32">> = {};
  for (const [name, { shape }] of Object.entries(paramsOf(storedInceptionSpec()))) {
    const tensor = stored[name];
    if (tensor === undefined)
      throw new FormatError(`these are not the weights of the Inception network: ${name} is missing`);
    if (!sameShape(tensor.shape, shape)) {
      throw new FormatError(`${name} has shape [${tensor.shape}], the Inception network of 2015 has [${shape}]`);
    }
    const unit = /^(.*)\.conv\.weight$/.exec(name)?.[1];
    if (unit !== undefined) Object.assign(folded, foldNorm(unit, stored));
    else if (!name.includes(".bn.")) folded[name] = tensor;
  }
  return folded;
}

function foldNorm(unit: string, stored: Weights): Weights {
  const of = (name: string) => stored[`${unit}.${name}`]!.data;
  const [gamma, beta, mean, variance] = [of("bn.weight"), of("bn.bias"), of("bn.running_mean"), of("bn.running_var")];
  const { shape, data } = stored[`${unit}.conv.weight`]!;
  const scale = Float64Array.from(gamma, (x, channel) => x / Math.sqrt(variance[channel]! + epsilon));
  const perChannel = data.length / gamma.length;
  return {
    [`${unit}.weight`]: hostTensor(
      "f32",
      shape,
      data.map((x, i) => x * scale[Math.floor(i / perChannel)]!),
    ),
    [`${unit}.bias`]: hostTensor(
      "f32",
      [gamma.length],
      Float32Array.from(scale, (x, channel) => beta[channel]! - mean[channel]! * x),
    ),
  };
}
