import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Tests run on the sources, so that they need no build; those of the command run what was built. */
export default defineConfig({
  resolve: {
    alias: {
      "@dit/core/internal": source("packages/core/src/internal.ts"),
      "@dit/core/node": source("packages/core/src/node.ts"),
      "@dit/core/web": source("packages/core/src/web.ts"),
      "@dit/core": source("packages/core/src/index.ts"),
      "@dit/backend-ort": source("packages/backend-ort/src/index.ts"),
      "@dit/eval-fid/node": source("packages/eval-fid/src/node.ts"),
      "@dit/eval-fid": source("packages/eval-fid/src/index.ts"),
      "@dit/vae/node": source("packages/vae/src/node.ts"),
      "@dit/vae": source("packages/vae/src/index.ts"),
      "@dit/backend-tfjs": source("packages/backend-tfjs/src/index.ts"),
      "@dit/testkit": source("packages/testkit/src/index.ts"),
    },
  },
  // Long, since tests train and start processes, on machines that may be slow.
  test: { include: ["{packages,tools}/**/*.test.ts"], testTimeout: 60_000, hookTimeout: 60_000, maxWorkers: 2 },
});
