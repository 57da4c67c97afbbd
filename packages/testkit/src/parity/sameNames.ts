import { absolute, type Findings } from "./check";

/** Notes, for each name of either side, whether both have it with the same value. */
export function sameNames(
  findings: Findings,
  group: string,
  expected: Readonly<Record<string, unknown>>,
  actual: Readonly<Record<string, unknown>>,
): void {
  for (const name of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
    const isSame = JSON.stringify(expected[name]) === JSON.stringify(actual[name]);
    findings.note(group, absolute(0), isSame ? 0 : 1, name);
  }
}
