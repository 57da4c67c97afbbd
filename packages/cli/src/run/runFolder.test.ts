import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError } from "@dit/core";
import { beforeEach, describe, expect, it } from "vitest";
import { createRunFolder, moveAside } from "./runFolder";

const files = { config: "{}", environment: "{}" };
let root: string;
beforeEach(() => {
  root = join(mkdtempSync(join(tmpdir(), "dit-run-")), "runs");
});

describe("createRunFolder", () => {
  it("makes the folder and its parts", () => {
    const run = createRunFolder(root, "first", files);
    expect(run.metrics).toBe(join(root, "first", "metrics.jsonl"));
    expect(readFileSync(run.config, "utf8")).toBe("{}");
    expect([run.samples, run.checkpoints, run.tensorboard].every(existsSync)).toBe(true);
  });

  it("clears away what a killed process had begun, and leaves what a living one is making", () => {
    const { pid } = spawnSync(process.execPath, ["-e", ""]);
    for (const owner of [pid, process.ppid]) {
      mkdirSync(join(root, `.other.${owner}-0123abcd.tmp`, "samples"), { recursive: true });
    }
    createRunFolder(root, "first", files);
    expect(readdirSync(root).sort()).toEqual([`.other.${process.ppid}-0123abcd.tmp`, "first"]);
  });

  it("never overwrites, and says what to do instead", () => {
    createRunFolder(root, "first", files);
    mkdirSync(join(root, "first-2"));
    expect(() => createRunFolder(root, "first", files)).toThrow(ConfigError);
    expect(() => createRunFolder(root, "first", files)).toThrow(/--resume .*first, or .* --name first-3$/);
  });

  it.each([
    "",
    "..",
    ".hidden",
    "a/b",
    "a\\b",
    "C:",
    "nul",
    "com1.txt",
    "trailing.",
    "trailing ",
    " a",
    "-flag",
    "a\nb",
  ])("refuses the name %j", (name) => {
    expect(() => createRunFolder(root, name, files)).toThrow(ConfigError);
  });

  it.each(["a", "digits S-4, try 2", "über_1.5", "null"])("takes the name %j", (name) => {
    expect(existsSync(createRunFolder(root, name, files).path)).toBe(true);
  });
});

describe("moveAside", () => {
  it("frees the name and keeps the contents", () => {
    const { path } = createRunFolder(root, "quickstart", files);
    writeFileSync(join(path, "report.html"), "1");
    expect(moveAside(root, "quickstart")).toBe(join(root, "quickstart-2"));
    createRunFolder(root, "quickstart", files);
    expect(moveAside(root, "quickstart")).toBe(join(root, "quickstart-3"));
    expect(moveAside(root, "quickstart")).toBeUndefined();
    expect(existsSync(join(root, "quickstart-2", "report.html"))).toBe(true);
  });

  it("leaves a run that another process trains", () => {
    const { path } = createRunFolder(root, "quickstart", files);
    writeFileSync(join(path, ".lock"), JSON.stringify({ pid: process.ppid, host: hostname() }));
    expect(() => moveAside(root, "quickstart")).toThrow(`is being trained by process ${process.ppid}`);
    expect(readdirSync(root)).toEqual(["quickstart"]);
  });

  it("leaves its own lock nowhere", () => {
    createRunFolder(root, "quickstart", files);
    expect(readdirSync(moveAside(root, "quickstart")!)).not.toContain(".lock");
  });

  it.each([".", "../photos"])("leaves what no run can be called: %j", (name) => {
    mkdirSync(join(root, "../photos"), { recursive: true });
    mkdirSync(root);
    expect(() => moveAside(root, name)).toThrow(ConfigError);
    expect(readdirSync(join(root, "..")).sort()).toEqual(["photos", "runs"]);
  });
});
