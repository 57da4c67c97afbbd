import { spawnSync } from "node:child_process";
import { existsSync, linkSync, mkdtempSync, readdirSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError } from "@dit/core";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { lockRun } from "./runLock";

// As they are, but for what a test does in between.
vi.mock("node:fs", async (original) => {
  const fs = await original<typeof import("node:fs")>();
  return { ...fs, linkSync: vi.fn(fs.linkSync), readFileSync: vi.fn(fs.readFileSync), writeSync: vi.fn(fs.writeSync) };
});

const real = await vi.importActual<typeof import("node:fs")>("node:fs");

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

  test("is in place only when it is written", () => {
    const { writeSync: write } = real;
    let wasThere: boolean | undefined;
    vi.mocked(writeSync).mockImplementationOnce((...args: Parameters<typeof write>) => {
      wasThere = existsSync(join(run, ".lock"));
      return write(...args);
    });
    lockRun(run);
    expect(wasThere).toBe(false);
    expect(readdirSync(run)).toEqual([".lock"]);
  });

  test("leaves the lock of a process that was quicker to pass over a dead one", () => {
    const { pid } = spawnSync(process.execPath, ["-e", ""]);
    heldBy(pid);
    vi.mocked(readFileSync).mockImplementationOnce((file) => {
      const stale = real.readFileSync(file, "utf8");
      heldBy(process.ppid);
      return stale;
    });
    expect(() => lockRun(run)).toThrow(`is being trained by process ${process.ppid}`);
    expect(JSON.parse(readFileSync(join(run, ".lock"), "utf8"))).toMatchObject({ pid: process.ppid });
    expect(readdirSync(run)).toEqual([".lock"]);
  });

  test("works where a file system has no links", () => {
    vi.mocked(linkSync).mockImplementation(() => {
      throw Object.assign(new Error("EPERM"), { code: "EPERM" });
    });
    const release = lockRun(run);
    heldBy(process.ppid);
    expect(() => lockRun(run)).toThrow(ConfigError);
    release();
    expect(readdirSync(run)).toEqual([]);
    vi.mocked(linkSync).mockImplementation(real.linkSync);
  });
});
