import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { uniformInts } from "@dit/core";
import { npzWriter } from "@dit/eval-fid";
import { afterAll, beforeAll, expect, it } from "vitest";
import { dit, ditOk, filesUnder, start } from "./command";

/** Images of a set: so many that their features, which are kept by 1024 images, take a second or more. */
const count = 15_000;

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "dit-eval-"));
  for (const [sample, name] of ["samples", "reference", "one"].entries()) {
    const images = name === "one" ? 1 : count;
    const pieces: Uint8Array[] = [];
    const writer = npzWriter((bytes) => {
      pieces.push(bytes.slice());
    });
    const pixels = Uint8Array.from(
      uniformInts({ seed: 0, stream: "eval", step: 0, sample }, images * 784, 256 - 80 * sample),
    );
    await writer.add("arr_0", "u1", [images, 28, 28, 1], [pixels]);
    await writer.finish();
    writeFileSync(join(folder, `${name}.npz`), Buffer.concat(pieces));
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

const command = (out: string) =>
  [
    "eval",
    "samples.npz",
    "--ref",
    "reference.npz",
    "--features",
    "digits",
    "--metrics",
    "fid,is",
    "--out",
    out,
  ] as const;
const shards = (out: string) =>
  filesUnder(join(folder, out, "features")).filter((name) => name.endsWith(".safetensors"));

it("an evaluation killed with SIGKILL goes on where it was, to the numbers of one that was not", async () => {
  const { child, outcome } = start(folder, command("killed"));
  while (shards("killed").length < 3 && child.exitCode === null) await new Promise(setImmediate);
  child.kill("SIGKILL");
  expect((await outcome).code).toBe("SIGKILL");
  const finished = shards("killed");
  expect(finished.length).toBeLessThan(2 * Math.ceil(count / 1024));
  const written = () => finished.map((name) => statSync(join(folder, "killed", "features", name)).mtimeMs);
  const before = written();

  const report = JSON.parse(await ditOk(folder, [...command("killed"), "--json"]));
  expect(written()).toEqual(before);
  expect(filesUnder(join(folder, "killed")).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  expect(report.metrics.fid.value).toBeGreaterThan(0);
  expect(report).toEqual(JSON.parse(await ditOk(folder, [...command("whole"), "--json"])));
}, 120_000);

it("exits with 2 and one line for what a single image does not allow", async () => {
  const { code, stdout, stderr } = await dit(folder, [
    ...["eval", "one.npz", "--ref", "one.npz", "--features", "pixels", "--metrics", "fid", "--out", "single"],
  ]);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(/error: FID needs at least 2 images of each set, and one.npz has 1\n$/);
});
