import { mkdirSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { atomicWrite } from "./atomicWrite";

describe("atomicWrite", () => {
  it("writes and replaces bytes and text", () => {
    const folder = mkdtempSync(join(tmpdir(), "dit-atomic-"));
    const file = join(folder, "state.json");
    atomicWrite(file, Uint8Array.of(1, 2, 3));
    expect(Array.from(readFileSync(file))).toEqual([1, 2, 3]);
    atomicWrite(file, "größer");
    expect(readFileSync(file, "utf8")).toBe("größer");
    expect(readdirSync(folder)).toEqual(["state.json"]);
  });

  it("leaves the target and nothing else when it fails", () => {
    const folder = mkdtempSync(join(tmpdir(), "dit-atomic-"));
    mkdirSync(join(folder, "taken", "inside"), { recursive: true });
    expect(() => atomicWrite(join(folder, "taken"), "x")).toThrow();
    expect(() => atomicWrite(join(folder, "none", "file"), "x")).toThrow("ENOENT");
    expect(readdirSync(folder)).toEqual(["taken"]);
  });
});
