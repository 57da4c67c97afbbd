import type { AutoencoderKLConfig } from "../config/klConfig";

/** What every part of an AutoencoderKL must know. */
export type NetworkOptions = Pick<AutoencoderKLConfig, "normNumGroups" | "activation">;
