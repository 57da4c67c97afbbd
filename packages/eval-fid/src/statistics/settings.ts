import { ConfigError } from "@dit/core";

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

const inWords: Readonly<Record<keyof FeatureSettings, string>> = {
  network: "feature networks",
  networkHash: "weights of the feature network",
  route: "resizing and scaling",
  imageSize: "image sizes",
};

/** @throws ConfigError that names the first difference. `imageSize` may differ: see `settingsNotes`. */
export function requireSameSettings(
  real: FeatureSettings | undefined,
  fake: FeatureSettings | undefined,
  names: readonly [real: string, fake: string],
): void {
  if (real === undefined || fake === undefined) return;
  for (const key of ["network", "networkHash", "route"] as const) {
    if (real[key] !== fake[key]) {
      throw new ConfigError(
        `different ${inWords[key]}: ${names[0]} has ${shown(real[key])}, ${names[1]} has ${shown(fake[key])}; make the features of both in the same way`,
      );
    }
  }
}

const shown = (value: string) => (value === "" ? "none" : `"${value}"`);
