import { mergeConfig } from "vitest/config";
import base from "./vitest.config";

/** Everything, and what takes longer: models of real size. */
export default mergeConfig(base, {
  test: { include: ["packages/**/*.full.ts"], testTimeout: 600_000, hookTimeout: 600_000 },
});
