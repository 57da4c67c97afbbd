import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { uniformInts, writeSafetensors } from "@dit/core";
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

/** Writes a picture of 2 x 2 into a folder of the tests' own. */
function picture(path: string, seed: number, bound = 256): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), encodePng({ width: 2, height: 2, channels: 3, data: pixels(seed, 1, bound) }));
}

test("a folder of pictures by class, without what is hidden", async () => {
  for (const [i, name] of ["cats", "cats", "dogs", "dogs", "dogs"].entries()) picture(`pictures/${name}/${i}.png`, i);
  picture("pictures/.cache/0.png", 0);
  mkdirSync(join(folder, "pictures", "dogs", "deep.png"));
  symlinkSync(join(folder, "pictures"), join(folder, "pictures", "dogs", "around"), "junction");
  const reference = await npz("p.npz", 6, 40);
  const { report } = await evalCommand(command(join(folder, "pictures"), reference, { metrics: ["fid", "perClass"] }));
  expect(report.metrics.perClass!.map(({ fake }) => fake)).toEqual([2, 3]);
  expect(report.notes[0]).toContain("pictures has 5 images for 12 features");
});

test("folders of one name are told apart, and so are pictures drawn anew", async () => {
  for (let i = 0; i < 9; i++) {
    picture(`real/set/${i}.png`, i);
    picture(`drawn/set/${i}.png`, i, 100);
  }
  const [real, drawn] = [join(folder, "real", "set"), join(folder, "drawn", "set")];
  const fid = async () => (await evalCommand(command(drawn, real, { metrics: ["fid"] }))).report.metrics.fid!.value;
  const first = await fid();
  expect(first).toBeGreaterThan(0.01);
  for (let i = 0; i < 9; i++) picture(`drawn/set/${i}.png`, i);
  expect(await fid()).toBeLessThan(1e-9);
});

test("what another evaluation is writing is left alone", async () => {
  const [samples, out] = [await npz("shared.npz", 17, 20), join(folder, "shared")];
  await evalCommand(command(samples, samples, { out }));
  const [shards] = readdirSync(join(out, "features"));
  const unfinished = (pid: number) => join(out, "features", shards!, `.from.safetensors.${pid}-00000000.tmp`);
  for (const pid of [process.pid, process.ppid]) writeFileSync(unfinished(pid), "");
  await evalCommand(command(samples, samples, { out }));
  expect([process.pid, process.ppid].map((pid) => existsSync(unfinished(pid)))).toEqual([false, true]);
});

test("pictures of several sizes have no pixels to compare", async () => {
  picture("sizes/0.png", 0);
  const large = encodePng({ width: 3, height: 2, channels: 3, data: new Uint8Array(18) });
  writeFileSync(join(folder, "sizes", "1.png"), large);
  await expect(evalCommand(command(join(folder, "sizes"), join(folder, "sizes")))).rejects.toMatchObject({
    name: "FormatError",
    message: expect.stringMatching(/^sizes: images of 12 and of 18 features are no set; images must be of one size/),
  });
});

test("no features are made before all that was named is found", async () => {
  const out = join(folder, "early");
  const reference = await npz("early.npz", 18, 9);
  for (const sides of [{ samples: "nowhere" }, { floor: "nowhere" }, { floor: "digits:tset" }]) {
    const refused = evalCommand(command(reference, reference, { out, ...sides }));
    await expect(refused).rejects.toThrow(/^nowhere: there is no|^data is "digits:tset"/);
  }
  expect(existsSync(out)).toBe(false);
});

test("a report that cannot be compared is written all the same", async () => {
  const [samples, reference] = [await npz("many.npz", 19, 30), await npz("reference.npz", 20, 30)];
  const { files } = await evalCommand(command(samples, reference, { out: join(folder, "before") }));
  const out = join(folder, "after");
  const few = command(await npz("few.npz", 19, 20), reference, { out, compare: files.json });
  await expect(evalCommand(few)).rejects.toThrow("number of samples was 30, now 20");
  expect(readdirSync(out).sort()).toEqual(["features", "report.html", "report.json"]);
});

test.each([
  ["garbage", "parts of a file", "safetensors: "],
  ["features", writeSafetensors({}, { format: "dit.eval-fid.features/1" }), "its metadata do not say how"],
  ["statistics", writeSafetensors({}, { format: "dit.eval-fid.statistics/1" }), "its metadata do not say how"],
])("a .safetensors file that is none of ours, %s, is named", async (name, content, message) => {
  const file = join(folder, name, "g.safetensors");
  mkdirSync(dirname(file));
  writeFileSync(file, content);
  const samples = await npz("g.npz", 21, 9);
  await expect(evalCommand(command(samples, file))).rejects.toThrow(`g.safetensors: ${message}`);
  await expect(evalCommand(command(samples, dirname(file)))).rejects.toThrow("g.safetensors: ");
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
  [{ k: 5, precisionArithmetic: "adm-float16" }, "have 3 neighbours, not 5; leave k out, or take exact arithmetic"],
  [{ reference: "nowhere" }, "nowhere: there is no such file or folder"],
  [{ compare: "nowhere.json" }, "nowhere.json: there is no such report"],
] as const)("%j is one clear line", async (rest, message) => {
  const file = await npz("c.npz", 7, 9);
  await expect(evalCommand(command(file, file, rest))).rejects.toThrow(message);
});
