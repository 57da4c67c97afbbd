import { ConfigError, didYouMean } from "@dit/core";
import type { Dataset } from "./dataset";
import { digits } from "./digits";
import { imageFolder } from "./imageFolder";

export interface OpenDatasetOptions {
  /** Height and width in pixels; needed for folders, fixed at 28 for digits. */
  readonly imageSize?: number | undefined;
  /** 1 for grey, 3 for colour (folders only). */
  readonly channels?: 1 | 3 | undefined;
  /** Whether left-right flips make sense (folders only). */
  readonly flip?: boolean | undefined;
}

/**
 * Opens the dataset that `source` names: `digits`, `digits:test` or `folder:DIR` (DIR relative to the working folder).
 * @throws ConfigError when `source` names none, or the dataset cannot have the wanted size.
 */
export async function openDataset(source: string, options: OpenDatasetOptions = {}): Promise<Dataset> {
  const colon = source.indexOf(":");
  const kind = colon < 0 ? source : source.slice(0, colon);
  const detail = colon < 0 ? undefined : source.slice(colon + 1);
  switch (kind) {
    case "digits": {
      if (detail !== undefined && detail !== "train" && detail !== "test") {
        throw new ConfigError(`data is "${source}", allowed: "digits" or "digits:test"`);
      }
      if (options.imageSize !== undefined && options.imageSize !== 28) {
        throw new ConfigError(
          `imageSize is ${options.imageSize}, but digits are 28 x 28 pixels; leave imageSize out or set it to 28`,
        );
      }
      return digits({ split: detail ?? "train" });
    }
    case "folder": {
      if (!detail) throw new ConfigError(`data is "${source}" without a folder; write "folder:DIR"`);
      if (options.imageSize === undefined) {
        throw new ConfigError(
          `imageSize is not set, and ${source} may hold images of any size; for example imageSize=64`,
        );
      }
      return imageFolder(detail, {
        size: options.imageSize,
        ...(options.channels !== undefined && { channels: options.channels }),
        ...(options.flip !== undefined && { flip: options.flip }),
      });
    }
    default: {
      const near = didYouMean(kind, ["digits", "folder"]);
      const hint = near ? `; did you mean "${near}${near === "folder" ? ":DIR" : ""}"?` : "";
      throw new ConfigError(`data is "${source}", allowed: "digits", "digits:test" or "folder:DIR"${hint}`);
    }
  }
}
