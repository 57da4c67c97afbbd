import { describe } from "vitest";
import { testCurves } from "./curves";
import { workFolder } from "./workFolder";

describe("a small run", () => {
  testCurves({ steps: 30, args: ["--config", "tiny.json"], tolerance: 1e-4 }, workFolder);
});
