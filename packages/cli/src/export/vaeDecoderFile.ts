import { graphProgram } from "@dit/backend-ort";
import { hostTensor, initialize, normal } from "@dit/core";
import { prefixed } from "@dit/core/internal";
import { decode, decoderGraph, type Size, type Vae, type VaeConfig, vaeSpec } from "@dit/vae";
import { loadVae } from "@dit/vae/node";
import type { Exportable, ModelKind } from "./exportable";

const vaeModel: ModelKind<Vae> = {
  open: loadVae,
  describe: ({ config }) => ({ config, schedule: null, classNames: null }),
  standIn(config) {
    return {
      config: config as VaeConfig,
      get weights() {
        return initialize(vaeSpec(config as VaeConfig), 0);
      },
    };
  },
  held: (vae) => vae,
};

export interface DecoderSettings {
  /** Of the latents, in cells. */
  readonly size: Size;
}

/** The decoder of an autoencoder: latents as a DiT draws them to images. */
export const vaeDecoderFile: Exportable<DecoderSettings, Vae> = {
  fileName: "vae_decoder",
  kind: vaeModel,
  // Its work is in convolutions, which the formats of integers leave as they are.
  dtypes: ["f32", "f16"],
  takesAnyBatch: true,
  settings: (_, { latentSize }) => ({ size: [latentSize, latentSize] }),
  program({ config, weights }, { size }, options) {
    return graphProgram((count) => decoderGraph(config, count, size), prefixed("params", weights), options);
  },
  feeds: ({ config }, settings, batchSize) => ({ latents: drawnLatents(config, settings, batchSize) }),
  async expected(vae, settings, batchSize, backend) {
    const images = await decode(vae, drawnLatents(vae.config, settings, batchSize), { backend, batch: batchSize });
    return { images: images.data };
  },
  // More than the reference does soon, whatever the autoencoder.
  multiplyAdds: () => Number.POSITIVE_INFINITY,
  passesBy: "max",
};

function drawnLatents({ latentChannels }: VaeConfig, { size }: DecoderSettings, batchSize: number) {
  const count = batchSize * latentChannels * size[0] * size[1];
  const values = normal({ seed: 0, stream: "export", step: 0, sample: 0 }, count);
  return hostTensor("f32", [batchSize, latentChannels, ...size], values);
}
