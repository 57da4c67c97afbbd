import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe } from "vitest";
import { testCurves } from "./curves";

const config = fileURLToPath(new URL("../../../examples/quickstart.json", import.meta.url));

// A constant learning rate stands for the first 200 of the quickstart's 1,400 steps: its cosine has fallen by 3% by then.
describe("the quickstart's digits", () => {
  testCurves({ steps: 200, args: ["--config", config, "--set", "train.decay=constant"], tolerance: 1e-3 }, () =>
    mkdtempSync(join(tmpdir(), "dit-curves-")),
  );
});
