import { defineConfig } from "tsup";

export default defineConfig({
  entry: ["src/index.ts", "src/internal.ts", "src/node.ts", "src/web.ts"],
  format: ["esm", "cjs"],
  dts: true,
  // One copy of each module in CommonJS too: two copies of a class would not recognise each other.
  splitting: true,
  clean: true,
  sourcemap: true,
  target: "es2022",
});
