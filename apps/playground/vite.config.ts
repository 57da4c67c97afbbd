import { defineConfig } from "vite";

/** A page may share memory between threads when it lets nothing foreign in. */
const headers = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

export default defineConfig({
  // What is not there is an error, not this page.
  appType: "mpa",
  // Models that `dit train` made lie under /quickstart and their like.
  publicDir: "../../runs",
  build: { copyPublicDir: false, target: "es2022" },
  // It finds its .wasm files beside itself.
  optimizeDeps: { exclude: ["onnxruntime-web"] },
  server: { headers },
  preview: { headers },
});
