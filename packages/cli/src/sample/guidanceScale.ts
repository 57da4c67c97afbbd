import type { DiTConfig } from "@dit/core";

/** The scale that is asked for, else the one of the paper's best FID, or none for a model that cannot be guided. */
export function guidanceScale(
  asked: number | null | undefined,
  { classDropout }: Pick<DiTConfig, "classDropout">,
): number {
  return asked ?? (classDropout > 0 ? 1.5 : 1);
}
