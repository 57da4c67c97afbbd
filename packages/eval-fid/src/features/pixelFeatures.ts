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
      const features = { count, width: values, data: new Float32Array(data).map((x) => x / 255) };
      return { count, rows: { features }, ...(labels && { labels }) };
    },
    dispose: async () => {},
  };
}
