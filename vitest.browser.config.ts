import { fileURLToPath } from "node:url";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";
import { findChromium } from "./packages/testkit/src/swiftShader";
import base from "./vitest.config";

const executablePath = findChromium();
if (executablePath === undefined) throw new Error("browser tests need Chromium: put it on PATH, or set CHROMIUM_PATH");

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** SwiftShader stands in for a GPU. */
const args = ["--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan"];

/** What runs in a page, in the Chromium of this machine. */
export default defineConfig({
  resolve: {
    alias: {
      ...base.resolve?.alias,
      // Of the test kit the conformance suite alone: the rest reads files.
      "@dit/testkit": source("packages/testkit/src/conformance/suite.ts"),
      // As the package's exports have it for browsers.
      "@dit/backend-ort": source("packages/backend-ort/src/web.ts"),
    },
  },
  // It finds its .wasm files beside itself.
  optimizeDeps: { exclude: ["onnxruntime-web"] },
  test: {
    include: ["{packages,apps}/**/*.browser.ts"],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({ launchOptions: { executablePath, args } }),
      instances: [{ browser: "chromium" }],
    },
  },
});
