import { bindParams, type F32 } from "@dit/core";
import type { AutoencoderKLConfig } from "../config/klConfig";
import { decodeKL, decodingKLSpec, encodeKL, encodingKLSpec, type Posterior, posteriorOf } from "../kl/autoencoderKL";

/** How far a reconstruction is from its image, per value. [N, C, H, W] twice -> [N, C, H, W] */
const distances = {
  l1: (a, b) => a.sub(b).abs(),
  l2: (a, b) => a.sub(b).square(),
} satisfies Readonly<Record<string, (a: F32, b: F32) => F32>>;

export type ReconstructionLoss = keyof typeof distances;
export const reconstructionLosses = Object.keys(distances) as ReconstructionLoss[];

/** What an autoencoder is trained to (arXiv 2112.10752, appendix G). */
export interface VaeObjective {
  readonly reconstruction: ReconstructionLoss;
  /** What a nat of the latents counts beside the error of one value of the image; tiny, so that latents stay sharp. */
  readonly klWeight: number;
  /** A term of your own, such as a distance of features: images and reconstructions [N, C, H, W] -> a scalar. */
  readonly perceptual?: (images: F32, reconstructions: F32) => F32;
}

/** Without a perceptual term, which needs weights of its own; the weight of the KL term is the paper's. */
export const vaeObjectiveDefaults: VaeObjective = { reconstruction: "l1", klWeight: 1e-6 };

/** Kullback-Leibler divergence from the standard normal in nats, summed over a sample, mean over the batch. -> [] */
export function klDivergence({ mean, logVariance }: Posterior): F32 {
  const each = mean.square().add(logVariance.exp()).sub(1).sub(logVariance).mul(0.5); // [N, c, h, w]
  return each.sum().mul(1 / mean.shape[0]!);
}

/** Parameters by path. */
type Tensors = Readonly<Record<string, F32>>;

/**
 * The loss of a batch, per value of an image, and its parts.
 * @param images [N, C, H, W] in [-1, 1]
 * @param noise standard normal [N, c, h, w], by which the posterior is sampled
 */
export function vaeLosses(
  params: Tensors,
  images: F32,
  noise: F32,
  config: AutoencoderKLConfig,
  { reconstruction, klWeight, perceptual }: VaeObjective,
) {
  const posterior = posteriorOf(encodeKL(bindParams(encodingKLSpec(config), params), images, config));
  const z = posterior.mean.add(posterior.std.mul(noise));
  const reconstructed = decodeKL(bindParams(decodingKLSpec(config), params), z, config);
  const error = distances[reconstruction](images, reconstructed).mean();
  const kl = klDivergence(posterior);
  const values = images.shape.slice(1).reduce((product, n) => product * n, 1);
  const loss = error.add(kl.mul(klWeight / values));
  if (perceptual === undefined) return { loss, reconstruction: error, kl };
  const term = perceptual(images, reconstructed);
  return { loss: loss.add(term), reconstruction: error, kl, perceptual: term };
}
