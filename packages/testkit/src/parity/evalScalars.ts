import type { Findings, Tolerance } from "./check";
import type { Fixture } from "./fixture";

export const within = (limit: number, unit: string): Tolerance => ({ limit, unit });

/** Compares a number of the json with ours, as a part of `scale`: of itself unless given. */
export function noteScalar(
  findings: Findings,
  group: string,
  tolerance: Tolerance,
  ours: number,
  stored: number,
  name: string,
  scale = Math.abs(stored),
): void {
  const error = Math.abs(ours - stored);
  findings.note(group, tolerance, error === 0 ? 0 : error / scale, name);
}

/** What stands before the names that formula weights are hashed from; nothing where the json does not say. */
export const saltOf = ({ json }: Fixture): string => String(json.salt ?? "");

/** The rows of a stored matrix [R, C], such as lists of indices. */
export function rowsAt(fixture: Fixture, name: string): ArrayLike<number>[] {
  const { shape, data } = fixture.stored(name);
  const width = shape[1]!;
  const values = Float64Array.from(data);
  return Array.from({ length: shape[0]! }, (_, i) => values.subarray(i * width, (i + 1) * width));
}
