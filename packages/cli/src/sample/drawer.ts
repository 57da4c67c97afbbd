import {
  type Backend,
  createSampler,
  type HostTensor,
  hostTensor,
  type ModelConfig,
  type SampleSettings,
  type Samples,
  type Weights,
} from "@dit/core";
import { createDecoder, type Tiling, type Vae } from "@dit/vae";

/** What pictures are drawn with. */
export interface DrawerOptions {
  readonly settings: Partial<SampleSettings>;
  /** Weights to bind, if every picture is to be drawn from these. */
  readonly weights?: Weights;
  /** Pictures at a time. */
  readonly batch: number;
  /** Decodes what the model draws; without it the model draws pixels. */
  readonly vae?: Vae | undefined;
  readonly tiling?: Tiling | undefined;
}

export interface DrawOptions {
  readonly seed: number;
  /** Number of the first picture, on which its noise depends. */
  readonly first: number;
  readonly signal?: AbortSignal;
  readonly onStep?: (step: number, steps: number) => void;
}

/** A model and perhaps an autoencoder, compiled. */
export interface Drawer {
  /** Draws a picture for each label, at most a batch: pixels [N, C, H, W] in about [-1, 1]. */
  draw(weights: Weights, labels: readonly number[], options: DrawOptions): Promise<Samples>;
  dispose(): Promise<void>;
}

/** Compiles what draws. Latents are never clipped: they lie outside [-1, 1]. */
export async function createDrawer(
  config: ModelConfig,
  backend: Backend,
  { settings, weights, batch, vae, tiling }: DrawerOptions,
): Promise<Drawer> {
  const sampler = await createSampler(config, backend, batch, {
    ...settings,
    ...(weights && { weights }),
    ...(vae && { clip: false }),
  });
  const decoder =
    vae && (await createDecoder(vae, backend, config.dit.inputSize, tiling === undefined ? {} : { tiling }));
  return {
    draw: async (weights, labels, { seed, first, ...rest }) => {
      // A short batch is filled up, and what fills it is thrown away.
      const filled = Array.from({ length: batch }, (_, i) => labels[i] ?? labels[0]!);
      const { images, settings } = await sampler.run(weights, filled, { seed, firstSample: first, ...rest });
      const drawn = firstOf(images, labels.length);
      return {
        images: decoder === undefined ? drawn : await decoder.run(drawn, rest.signal),
        settings: { ...settings, classes: labels },
      };
    },
    dispose: async () => {
      await decoder?.dispose();
      await sampler.dispose();
    },
  };
}

function firstOf({ shape, data }: HostTensor<"f32">, count: number): HostTensor<"f32"> {
  const [n = 1, ...rest] = shape;
  return hostTensor("f32", [count, ...rest], data.subarray(0, (data.length / n) * count));
}
