import type { Overrides } from "./tables";

/** WebAssembly's own ways. */
export const wasm: Overrides = {};
