import { describe, expect, it } from "vitest";
import { createProgress, type ProgressOptions } from "./progress";

function recorder(isTTY: boolean, columns = 120) {
  const texts: string[] = [];
  return { isTTY, columns, write: (text: string) => texts.push(text), texts };
}

function start(isTTY: boolean, options: Partial<ProgressOptions> & { columns?: number } = {}) {
  const stderr = recorder(isTTY, options.columns);
  const stdout = recorder(false);
  const clock = { ms: 0 };
  const progress = createProgress({ label: "train", env: {}, stderr, stdout, now: () => clock.ms, ...options });
  return { progress, stderr: stderr.texts, stdout: stdout.texts, clock };
}

describe("on a terminal", () => {
  it("redraws one line with loss, pace and ETA, at most ten times a second", () => {
    const { progress, stderr, clock } = start(true, { env: { NO_COLOR: "1" } });
    progress.update({ step: 0, total: 4000 });
    clock.ms = 50;
    progress.update({ step: 500, total: 4000, loss: 0.9 });
    clock.ms = 1000;
    progress.update({ step: 1000, total: 4000, loss: 0.0421, imagesPerSecond: 12_345 });
    expect(stderr).toHaveLength(2);
    expect(stderr[1]).toBe(
      `\rtrain ${"━".repeat(6)}${"─".repeat(18)} 1,000/4,000  loss 0.0421  12.3 k images/s  ETA 3 s\x1b[K`,
    );
  });

  it("keeps notes above the line and ends it", () => {
    const { progress, stderr } = start(true, { env: { NO_COLOR: "1" } });
    progress.note("first");
    progress.update({ step: 1, total: 1 });
    progress.note("saved step 1");
    progress.done();
    progress.done();
    expect(stderr[0]).toBe("\r\x1b[Kfirst\n");
    expect(stderr[2]).toBe("\r\x1b[Ksaved step 1\n");
    expect(stderr[3]).toContain("1/1");
    expect(stderr.slice(4)).toEqual(["\n"]);
  });

  it("never wraps, and drops the least important first", () => {
    const { progress, stderr } = start(true, { columns: 60, env: { NO_COLOR: "1" } });
    progress.update({ step: 10, total: 100, loss: 1.5, imagesPerSecond: 3 });
    expect(stderr[0]).toContain("loss 1.50");
    expect(stderr[0]).not.toContain("images/s");
    const narrow = start(true, { columns: 20, env: { NO_COLOR: "1" } });
    narrow.progress.update({ step: 10, total: 100 });
    expect(narrow.stderr[0]!.replace("\r", "").replace("\x1b[K", "")).toHaveLength(19);
  });

  it("has colours unless NO_COLOR", () => {
    const coloured = start(true);
    coloured.progress.update({ step: 1, total: 2 });
    expect(coloured.stderr[0]).toContain("\x1b[36m");
    const plain = start(true, { env: { NO_COLOR: "1" } });
    plain.progress.update({ step: 1, total: 2 });
    expect(plain.stderr[0]).not.toContain("\x1b[3");
  });
});

describe("off a terminal", () => {
  it("writes a plain line every few seconds and a last one", () => {
    const { progress, stderr, clock } = start(false);
    for (let step = 1; step <= 100; step++) {
      clock.ms = step * 100;
      progress.update({ step, total: 100, loss: 0.5 });
    }
    progress.note("done");
    expect(stderr).toEqual([
      "train 1/100  loss 0.500\n",
      "train 51/100  loss 0.500  ETA 4.9 s\n",
      "train 100/100  loss 0.500\n",
      "done\n",
    ]);
  });

  it.each([{ TERM: "dumb" }, { CI: "true" }])("also where the terminal cannot redraw: %j", (env) => {
    const { progress, stderr } = start(true, { env });
    progress.update({ step: 1, total: 2 });
    expect(stderr).toEqual(["train 1/2\n"]);
  });
});

describe("for programs", () => {
  it("streams NDJSON to stdout", () => {
    const { progress, stderr, stdout } = start(true, { json: "stream" });
    progress.update({ step: 1, total: 2, loss: 0.5 });
    progress.note("saved");
    progress.event("sample", { file: "a.png" });
    progress.done();
    expect(stderr).toEqual([]);
    expect(stdout.map((line) => JSON.parse(line))).toEqual([
      { event: "progress", task: "train", step: 1, total: 2, loss: 0.5 },
      { event: "note", task: "train", text: "saved" },
      { event: "sample", file: "a.png" },
    ]);
  });

  it("is silent for --json", () => {
    const { progress, stderr, stdout } = start(true, { json: true });
    progress.update({ step: 1, total: 2 });
    progress.note("x");
    expect([...stderr, ...stdout]).toEqual([]);
  });
});
