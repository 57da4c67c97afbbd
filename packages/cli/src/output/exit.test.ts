import { ConfigError, FormatError, MissingPackageError, ShapeError, UnsupportedError } from "@dit/core";
import { CommanderError } from "commander";
import { describe, expect, it } from "vitest";
import { exitCode, InterruptedError, reportError, VerificationError } from "./exit";

function report(error: unknown, env: Record<string, string> = {}) {
  let text = "";
  const code = reportError(error, { write: (part) => (text += part) }, env);
  return { code, text };
}

describe("exitCode", () => {
  it.each([
    [new ConfigError("x"), 2],
    [new ShapeError("x"), 2],
    [new FormatError("x"), 2],
    [new UnsupportedError("x"), 2],
    [new CommanderError(1, "commander.unknownOption", "x"), 2],
    [new CommanderError(0, "commander.helpDisplayed", "x"), 0],
    [new MissingPackageError("a", "npm install a"), 3],
    [new VerificationError("x"), 4],
    [new InterruptedError("SIGINT"), 130],
    [new InterruptedError("SIGTERM"), 143],
    [new DOMException("stopped", "AbortError"), 130],
    [new TypeError("x"), 1],
    ["x", 1],
  ])("%s -> %i", (error, code) => expect(exitCode(error)).toBe(code));

  it("knows an error from another copy of the package by its name", () => {
    expect(exitCode(Object.assign(new Error("x"), { name: "ConfigError" }))).toBe(2);
  });
});

describe("reportError", () => {
  it("prints one line, without a stack", () => {
    expect(report(new ConfigError("train.steps is 0,\n  allowed: 1"))).toEqual({
      code: 2,
      text: "error: train.steps is 0, allowed: 1\n",
    });
    expect(report(new MissingPackageError("a", "npm install a")).text).toBe(
      "error: a is not installed. Install it with: npm install a\n",
    );
    expect(report(new InterruptedError("SIGINT", "stopped; continue with --resume runs/a")).text).toBe(
      "stopped; continue with --resume runs/a\n",
    );
  });

  it("marks errors that nobody raised on purpose", () => {
    expect(report(new TypeError("x is undefined")).text).toBe(
      "error: TypeError: x is undefined (DIT_DEBUG=1 shows where)\n",
    );
    expect(report("odd").text).toBe("error: odd (DIT_DEBUG=1 shows where)\n");
    const system = Object.assign(new Error("ENOSPC: no space left on device, write"), {
      code: "ENOSPC",
      syscall: "write",
    });
    expect(report(system).text).toBe("error: ENOSPC: no space left on device, write\n");
  });

  it("shows stacks and causes with DIT_DEBUG", () => {
    const { text } = report(new FormatError("broken", { cause: new Error("inner") }), { DIT_DEBUG: "1" });
    expect(text).toMatch(/^error: broken\nFormatError: broken\n\s+at [\s\S]*caused by Error: inner/);
  });

  it("leaves commander's errors to commander", () => {
    expect(report(new CommanderError(1, "commander.unknownOption", "x"))).toEqual({ code: 2, text: "" });
  });
});
