import { expect, test } from "vitest";
import { brokenFiles, type Report, type Seen, testsOf } from "./report";

const seen = (status: Seen["status"], suite = "the backend x") => ({
  ancestorTitles: [suite, "part"],
  title: "t",
  status,
});

test("files that failed without a failed test are named, with what vitest says of them", () => {
  const report: Report = {
    testResults: [
      { name: "good.ts", status: "passed", message: "", assertionResults: [seen("passed"), seen("skipped")] },
      { name: "wrong.ts", status: "failed", message: "", assertionResults: [seen("failed"), seen("passed")] },
      { name: "unloaded.ts", status: "failed", message: "Cannot find module './gone'", assertionResults: [] },
      { name: "unopened.ts", status: "failed", message: "", assertionResults: [seen("skipped")] },
    ],
  };
  expect(brokenFiles(report)).toEqual([
    "unloaded.ts: Cannot find module './gone'",
    "unopened.ts: a backend was not opened or not disposed of; run it to see why",
  ]);
});

test("only tests of backends count", () => {
  const assertionResults = [seen("passed"), seen("passed", "something else")];
  const report: Report = { testResults: [{ name: "a.ts", status: "passed", message: "", assertionResults }] };
  expect(testsOf(report)).toEqual([seen("passed")]);
});
