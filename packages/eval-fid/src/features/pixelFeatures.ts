import type { FeatureNetwork } from "./featureNetwork";

/**
 * No network: the pixels themselves, divided by 255. For small images such as digits, where they show whether a model is
 * far off; they know nothing of what a picture shows.
 */
export function pixelFeatures(): FeatureNetwork {
  return {
    settings: { network: "pixels", networkHash: "", route: "none, x / 255" },
    batch: 256,
    extract: async ({ count, height, width, channels, data, labels }) => {
      const values = height * width * channels;
      // A loop: Float32Array.from goes through the iterator, many times slower.
      const scaled = new Float32Array(data.length);
      for (let i = 0; i < data.length; i++) scaled[i] = data[i]! / 255;
      return { count, rows: { features: { count, width: values, data: scaled } }, ...(labels && { labels }) };
    },
    dispose: async () => {},
  };
}
