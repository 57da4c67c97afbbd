import type { ImageBatch } from "../images/image";
import type { FeatureSet } from "../statistics/featureSet";
import type { FeatureSettings } from "../statistics/settings";

/** What turns images into features: the Inception network, or any other. */
export interface FeatureNetwork {
  /** For features of images of this network; `imageSize` is that of the images. */
  readonly settings: Omit<FeatureSettings, "imageSize">;
  /** Images that are best given at a time. */
  readonly batch: number;
  /** @throws DitError when the images do not fit */
  extract(batch: ImageBatch): Promise<FeatureSet>;
  dispose(): Promise<void>;
}
