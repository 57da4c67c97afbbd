import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError } from "@dit/core";
import { beforeEach, describe, expect, test } from "vitest";
import { lockRun } from "./runLock";

let run: string;
beforeEach(() => {
  run = mkdtempSync(join(tmpdir(), "dit-lock-"));
});
const heldBy = (pid: number, host = hostname()) => writeFileSync(join(run, ".lock"), JSON.stringify({ pid, host }));

describe("lockRun", () => {
  test("holds the run until it is given back", () => {
    const release = lockRun(run);
    expect(JSON.parse(readFileSync(join(run, ".lock"), "utf8"))).toEqual({ pid: process.pid, host: hostname() });
    release();
    expect(existsSync(join(run, ".lock"))).toBe(false);
    lockRun(run)();
  });

  test("refuses a run that a living process holds, and names it", () => {
    heldBy(process.ppid);
    expect(() => lockRun(run)).toThrow(ConfigError);
    expect(() => lockRun(run)).toThrow(`is being trained by process ${process.ppid} on ${hostname()}`);
  });

  test("refuses a run held on another computer, which it cannot ask", () => {
    heldBy(1, "elsewhere");
    expect(() => lockRun(run)).toThrow("on elsewhere");
  });

  test("passes over a process that was killed, and a lock that was never finished", () => {
    const { pid } = spawnSync(process.execPath, ["-e", ""]);
    heldBy(pid);
    lockRun(run)();
    writeFileSync(join(run, ".lock"), "");
    lockRun(run)();
  });
});
