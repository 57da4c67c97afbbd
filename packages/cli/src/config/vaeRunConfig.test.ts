import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError } from "@dit/core";
import { afterAll, expect, test } from "vitest";
import { readVaeRun, vaeRunDefaults, vaeRunText } from "./vaeRunConfig";

const folder = mkdtempSync(join(tmpdir(), "dit-vae-run-"));
afterAll(() => rmSync(folder, { recursive: true }));

function read(text: string) {
  writeFileSync(join(folder, "config.json"), text);
  return () => readVaeRun(folder);
}

test("a run's settings are read as they were written, and those of a DiT's are left alone", () => {
  expect(read(vaeRunText(vaeRunDefaults))()).toEqual(vaeRunDefaults);
  expect(read(`{ "name": "dit" } // said in a comment`)()).toBeUndefined();
});

test.each<[string, object]>([
  ["unknown key model.width", { ...vaeRunDefaults, model: { width: [4] } }],
  ["unknown key trian", { ...vaeRunDefaults, trian: {}, data: 1 }],
  ["data is 1: expected string, received number", { ...vaeRunDefaults, data: 1 }],
  ["train.learningRate is 0: expected number to be >0", { ...vaeRunDefaults, train: { learningRate: 0 } }],
  ["model.widths: expected array to have >=1 items", { ...vaeRunDefaults, model: { widths: [] } }],
  ["backend.kind: Invalid discriminator value. Expected 'ort' | ", { ...vaeRunDefaults, backend: {} }],
])("%s: the first problem is told in one line", (message, config) => {
  expect(read(JSON.stringify(config))).toThrow(ConfigError);
  expect(read(JSON.stringify(config))).toThrow(/^[^\n]*$/);
  expect(read(JSON.stringify(config))).toThrow(`config.json: ${message}`);
});
