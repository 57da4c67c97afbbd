import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { uniformInts } from "@dit/core";
import { npzWriter, reportSchema } from "@dit/eval-fid";
import { afterAll, expect, test } from "vitest";
import { encodePng } from "../images/png";
import { backends } from "../openBackend";
import { createProgress } from "../output/progress";
import { type EvalCommand, evalCommand, evaluationText } from "./eval";

const folder = mkdtempSync(join(tmpdir(), "dit-eval-"));
afterAll(() => rmSync(folder, { recursive: true }));

const pixels = (seed: number, count: number, bound: number) =>
  Uint8Array.from(uniformInts({ seed, stream: "pixels", step: 0, sample: 0 }, count * 12, bound));

async function npz(name: string, seed: number, count: number, bound = 256): Promise<string> {
  const pieces: Uint8Array[] = [];
  const writer = npzWriter((bytes) => {
    pieces.push(bytes.slice());
  });
  await writer.add("arr_0", "u1", [count, 2, 2, 3], [pixels(seed, count, bound)]);
  await writer.add("arr_1", "i8", [count], [BigInt64Array.from({ length: count }, (_, i) => BigInt(i % 2))]);
  await writer.finish();
  writeFileSync(join(folder, name), Buffer.concat(pieces));
  return join(folder, name);
}

const command = (samples: string, reference: string, rest: Partial<EvalCommand> = {}): EvalCommand => ({
  ...{ samples, reference, metrics: ["fid", "pr"], mode: "adm", features: "pixels", k: undefined, seed: 0 },
  ...{ bootstrap: 0, precisionArithmetic: "exact", out: join(folder, "out"), saveStats: undefined, compare: undefined },
  ...{ backend: backends.ort, floor: undefined },
  progress: createProgress({ label: "eval", json: true }),
  ...rest,
});

/** All but those that are only slow. */
const everyKind = ["fid", "pr", "dc", "prd", "perClass"];

test("images of an .npz against another: a report, a page, and features that are kept", async () => {
  const [samples, reference] = [await npz("a.npz", 1, 1500), await npz("b.npz", 2, 1200)];
  const summary = await evalCommand(command(samples, reference, { metrics: everyKind }));
  expect(reportSchema.parse(JSON.parse(readFileSync(summary.files.json, "utf8")))).toEqual(summary.report);
  expect(summary.report.metrics.fid!.value).toBeLessThan(0.01);
  expect(summary.report.metrics.perClass).toHaveLength(2);
  expect(evaluationText(summary)).toContain("1500 samples against 1200 reference images, features: pixels");
  const page = readFileSync(summary.files.html, "utf8");
  expect(page).toContain("Nearest reference images");
  expect(page).toContain("data:image/png;base64,");

  // As after a kill: what was finished is used, what was not is made again, and the numbers are the same.
  const shards = readdirSync(join(folder, "out", "features"), { recursive: true, encoding: "utf8" });
  const last = shards.filter((name) => name.endsWith("from-00001024.safetensors"));
  expect(last).toHaveLength(2);
  rmSync(join(folder, "out", "features", last[0]!));
  const again = await evalCommand(command(samples, reference, { metrics: everyKind }));
  expect(again.report).toEqual(summary.report);
  expect(existsSync(join(folder, "out", "features", last[0]!))).toBe(true);
});

test("saved statistics stand in for the images", async () => {
  const [samples, reference] = [await npz("s.npz", 8, 60), await npz("t.npz", 9, 50)];
  const saveStats = join(folder, "stats.npz");
  const direct = await evalCommand(command(samples, reference, { saveStats }));
  const { report } = await evalCommand(command(saveStats, reference, { metrics: ["fid"] }));
  expect(report.metrics.fid).toEqual(direct.report.metrics.fid);
  expect(report.fake.images).toBeNull();
});

test("statistics of the parts of a set stand in for the whole, class by class", async () => {
  const reference = await npz("whole.npz", 12, 90);
  const save = (samples: string, name: string, rest: Partial<EvalCommand> = {}) =>
    evalCommand(command(samples, reference, { metrics: ["fid"], saveStats: join(folder, "parts", name), ...rest }));
  mkdirSync(join(folder, "pair"));
  await npz("pair/a.npz", 13, 40);
  await npz("pair/b.npz", 14, 50);
  await save(join(folder, "pair", "a.npz"), "a.safetensors");
  await save(join(folder, "pair", "b.npz"), "b.safetensors");
  const metrics = ["fid", "perClass"];
  const direct = await evalCommand(command(join(folder, "pair"), reference, { metrics }));
  const merged = await evalCommand(command(join(folder, "parts"), reference, { metrics }));
  expect(merged.report.fake.images).toBe(90);
  expect(merged.report.metrics.fid!.value).toBeCloseTo(direct.report.metrics.fid!.value, 12);
  for (const [i, { label, fid }] of direct.report.metrics.perClass!.entries()) {
    expect(merged.report.metrics.perClass![i]).toMatchObject({ label, fid: expect.closeTo(fid!, 12) });
  }
  await save(await npz("c28.npz", 15, 40), "c.safetensors", { features: "digits" });
  await expect(evalCommand(command(join(folder, "parts"), reference, { metrics }))).rejects.toThrow(
    'different feature networks: a.safetensors has "pixels", c.safetensors has "digits"',
  );
  await npz("parts/new.npz", 16, 40);
  await expect(evalCommand(command(join(folder, "parts"), reference, { metrics }))).rejects.toThrow(
    "holds statistics (a.safetensors) beside other files; give them a folder of their own",
  );
});

test("--compare refuses a regression and what cannot be compared", async () => {
  const reference = await npz("r.npz", 3, 300);
  const good = await evalCommand(command(await npz("good.npz", 4, 200), reference, { out: join(folder, "good") }));
  const compare = good.files.json;
  const dark = command(await npz("dark.npz", 5, 200, 100), reference, { out: join(folder, "dark"), compare });
  await expect(evalCommand(dark)).rejects.toMatchObject({
    name: "VerificationError",
    message: expect.stringContaining("FID 0."),
  });
  expect(existsSync(join(folder, "dark", "report.json"))).toBe(true);
  const same = await evalCommand(command(join(folder, "good.npz"), reference, { out: join(folder, "good"), compare }));
  expect(same.comparison!.map(({ verdict }) => verdict)).toEqual(["same", "same", "same"]);
  const fewer = command(await npz("fewer.npz", 4, 100), reference, { compare });
  await expect(evalCommand(fewer)).rejects.toThrow("number of samples was 200, now 100");
});

test("one image and another: what they allow is computed", async () => {
  const [one, two] = [await npz("one.npz", 10, 1), await npz("two.npz", 11, 2)];
  const { report } = await evalCommand(command(one, two, { metrics: [] }));
  expect(report.metrics).toEqual({ perClass: expect.arrayContaining([{ label: 0, real: 1, fake: 1, fid: null }]) });
  await expect(evalCommand(command(one, two))).rejects.toThrow(
    /FID needs at least 2 images of each set, and .*one.npz has 1$/,
  );
  await expect(evalCommand(command(await npz("none.npz", 1, 0), two))).rejects.toThrow("none.npz holds no images");
});

test("a folder of pictures by class, of several sizes", async () => {
  for (const [i, name] of ["cats", "cats", "dogs", "dogs", "dogs"].entries()) {
    mkdirSync(join(folder, "pictures", name), { recursive: true });
    const png = encodePng({ width: 2, height: 2, channels: 3, data: pixels(i, 1, 256) });
    writeFileSync(join(folder, "pictures", name, `${i}.png`), png);
  }
  const reference = await npz("p.npz", 6, 40);
  const { report } = await evalCommand(command(join(folder, "pictures"), reference, { metrics: ["fid", "perClass"] }));
  expect(report.metrics.perClass!.map(({ fake }) => fake)).toEqual([2, 3]);
  expect(report.notes[0]).toContain("pictures has 5 images for 12 features");
});

test.each([
  [{ metrics: ["fidd"] }, "there is no metric fidd, did you mean fid?"],
  [
    { metrics: ["perClass"], samples: join(folder, "stats.npz") },
    "per-class FID needs the classes of at least 1 image",
  ],
  [{ metrics: ["sfid"] }, "sFID needs spatial features"],
  [{ features: undefined }, "holds images: say what turns them into features"],
  [{ features: "net.onnx" }, "--features net.onnx: give pixels, digits, or a file of weights that is there"],
  [{ metrics: ["pr"], k: 9 }, "the 9 nearest neighbours of an image need at least 10 images, there are 9"],
  [{ reference: "nowhere" }, "nowhere: there is no such file or folder"],
  [{ compare: "nowhere.json" }, "nowhere.json: there is no such report"],
] as const)("%j is one clear line", async (rest, message) => {
  const file = await npz("c.npz", 7, 9);
  await expect(evalCommand(command(file, file, rest))).rejects.toThrow(message);
});
