import { type HostTensor, hostTensor } from "@dit/core";
import { pilBicubic } from "./bicubic";
import { halfPixelBilinear, tf1Bilinear } from "./bilinear";
import { type Image, type ImageBatch, imageOf, type Pixels } from "./image";

/** What a program does with an image before its network sees it. */
export interface Route {
  /** In words, for reports. */
  readonly description: string;
  readonly resize: (image: Image, size: number) => Pixels;
  /** From what `resize` gives to what the network takes. */
  readonly scale: (value: number) => number;
}

/** 255 becomes 0.9921875, not 1. */
const aroundZero = (value: number) => (value - 128) / 128;

/**
 * The routes by the program whose numbers they reproduce. They differ even for an image that already has the network's
 * size, by the scaling alone: numbers of different routes must not be compared.
 */
export const routes = {
  adm: { description: "TensorFlow 1 bilinear, (x - 128) / 128", resize: tf1Bilinear, scale: aroundZero },
  "torch-fidelity": { description: "TensorFlow 1 bilinear, (x - 128) / 128", resize: tf1Bilinear, scale: aroundZero },
  "pytorch-fid": {
    description: "bilinear with half-pixel centres, 2 x / 255 - 1",
    resize: halfPixelBilinear,
    scale: (value) => 2 * value - 1,
  },
  "clean-fid": { description: "PIL bicubic, antialiased, (x - 128) / 128", resize: pilBicubic, scale: aroundZero },
} as const satisfies Readonly<Record<string, Route>>;

export type RouteName = keyof typeof routes;

/** A batch as a network takes it: [N, 3, size, size]. */
export function prepareImages(batch: ImageBatch, routeName: RouteName, size: number): HostTensor<"f32"> {
  const { resize, scale } = routes[routeName];
  const area = size * size;
  const out = new Float32Array(batch.count * 3 * area);
  for (let n = 0; n < batch.count; n++) {
    const pixels = resize(imageOf(batch, n), size);
    for (let c = 0; c < 3; c++) {
      for (let i = 0; i < area; i++) out[(n * 3 + c) * area + i] = scale(pixels[i * 3 + c]!);
    }
  }
  return hostTensor("f32", [batch.count, 3, size, size], out);
}
