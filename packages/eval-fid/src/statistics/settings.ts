import { ConfigError, FormatError } from "@dit/core";
import { z } from "zod";

/** How features were made. Numbers of features that were made differently must not be compared. */
export interface FeatureSettings {
  /** Such as "inception" or "pixels". */
  readonly network: string;
  /** Of its weights and definition; "" where there is nothing to hash. */
  readonly networkHash: string;
  /** Resizing and scaling, in words. */
  readonly route: string;
  /** The images' own size. */
  readonly imageSize: string;
}

const settingsSchema = z.object({
  network: z.string(),
  networkHash: z.string(),
  route: z.string(),
  imageSize: z.string(),
}) satisfies z.ZodType<FeatureSettings>;

/** Those that the metadata of a file hold, as JSON. @throws FormatError when they are missing or are something else */
export function settingsIn({ settings = "" }: Readonly<Record<string, string>>, file: string): FeatureSettings {
  try {
    return settingsSchema.parse(JSON.parse(settings));
  } catch (cause) {
    throw new FormatError(`${file}: its metadata do not say how the features were made (settings); make it anew`, {
      cause,
    });
  }
}

/** The images' own size is none of these: a report notes when it differs. */
const decisive = [
  ["network", "feature networks"],
  ["networkHash", "weights of the feature network"],
  ["route", "resizing and scaling"],
] as const;

/** @throws ConfigError that names the first difference */
export function requireSameSettings(
  real: FeatureSettings | undefined,
  fake: FeatureSettings | undefined,
  names: readonly [real: string, fake: string],
): void {
  if (real === undefined || fake === undefined) return;
  for (const [key, what] of decisive) {
    if (real[key] !== fake[key]) {
      throw new ConfigError(
        `different ${what}: ${names[0]} has ${shown(real[key])}, ${names[1]} has ${shown(fake[key])}; make the features of both in the same way`,
      );
    }
  }
}

const shown = (value: string) => (value === "" ? "none" : `"${value}"`);
