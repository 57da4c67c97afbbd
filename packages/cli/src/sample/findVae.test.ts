import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ConfigError, diffusionDefaults, ditConfig } from "@dit/core";
import { afterAll, expect, test } from "vitest";
import { findVae } from "./findVae";

const run = mkdtempSync(join(tmpdir(), "find-vae-"));
afterAll(() => rmSync(run, { recursive: true }));

const model = { dit: ditConfig("DiT-S/4", { inChannels: 4 }), diffusion: diffusionDefaults };
const vae = fileURLToPath(new URL("../../../../examples/digits-vae", import.meta.url));
const found = (config: string) => {
  writeFileSync(join(run, "config.json"), config);
  return findVae(model, run, undefined);
};

test("a run's settings name its autoencoder, with comments or without", async () => {
  expect((await found(`{ // mine\n "vae": ${JSON.stringify(vae)}, }`))?.config.latentChannels).toBe(4);
  await expect(found("{}")).rejects.toThrow("name the autoencoder they are of: --vae DIR");
  await expect(found("null")).rejects.toThrow(ConfigError);
});
