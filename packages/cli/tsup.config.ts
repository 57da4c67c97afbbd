import { defineConfig } from "tsup";

export default defineConfig({
  entry: { dit: "src/dit.ts" },
  format: ["esm"],
  clean: true,
  sourcemap: true,
  target: "es2022",
});
