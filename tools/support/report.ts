/** A test as vitest saw it. */
export interface Seen {
  readonly ancestorTitles: readonly string[];
  readonly title: string;
  readonly status: "passed" | "failed" | "skipped" | "pending" | "todo";
}

/** What vitest's JSON reporter writes. */
export interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: "passed" | "failed";
    /** Why the file as a whole failed, if vitest says so. */
    readonly message: string;
    readonly assertionResults: readonly Seen[];
  }[];
}

/** The tests of backends. */
export function testsOf({ testResults }: Report): Seen[] {
  return testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ ancestorTitles: [first] }) => first?.startsWith("the backend "));
}

/**
 * The files that failed without a failed test, and why: of one that cannot be loaded there are no tests, and those of a backend
 * that cannot be opened count as skipped.
 */
export function brokenFiles({ testResults }: Report): string[] {
  return testResults
    .filter(({ status, assertionResults }) => status === "failed" && !assertionResults.some(isFailed))
    .map(
      ({ name, message }) => `${name}: ${message || "a backend was not opened or not disposed of; run it to see why"}`,
    );
}

export function isFailed({ status }: Seen): boolean {
  return status === "failed";
}
