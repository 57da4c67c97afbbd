import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { process, reference } from "@dit/core";
import { expect, test } from "vitest";
import { toleranceOf } from "./check";
import { type Fixture, findFixtures, fixtureOf, type Values } from "./fixture";
import { checkFixture, runParity } from "./parity";
import { exitCodeOf, outcomeText, parityJson, summaryText } from "./report";

const folder = fileURLToPath(new URL("../../fixtures/", import.meta.url));
const files = findFixtures(folder);

test.each(files)("$file: everything in it is checked and green", async ({ read }) => {
  const outcome = await checkFixture(read(), reference());
  expect(outcome.reason).toBeUndefined();
  expect(outcome.findings.filter(({ green }) => !green)).toEqual([]);
  expect(outcome.notChecked).toEqual([]);
  expect(outcome.verdict).toBe("green");
});

/** A copy of a fixture with one of its tensors replaced, or taken away. */
function altered(file: string, name: string, change: (values: Values) => Values | undefined): Fixture {
  const original = files.find((fixture) => fixture.file === file)!.read();
  const tensors = new Map(original.names.map((name) => [name, original.stored(name)]));
  const value = change(original.stored(name));
  if (value === undefined) tensors.delete(name);
  else tensors.set(name, value);
  return fixtureOf(file, original.kind, original.json, tensors);
}

/** Its first value moved by `amount`. */
const moved = (amount: number) => (values: Values) => ({
  ...values,
  data: Float64Array.from(values.data, (x, i) => x + (i === 0 ? amount : 0)),
});

test.each([
  ["dit-tiny-adaln-zero.json", "weights.blocks.1.mlp.fc2.bias", 1e-6],
  ["dit-tiny-adaln-zero.json", "output", 3e-4],
  ["dit-tiny-adaln-zero.json", "act.blocks.0.norm1", 3e-4],
  ["dit-tiny-adaln-zero.json", "grad.t_embedder.mlp.0.weight", 1e-3],
  ["dit-tiny-adaln-zero.json", "loss.vb", 1e-3],
  ["dit-tiny-adaln-zero.json", "input.x", 0.1],
  ["diffusion-constants.json", "linear.betas", 1e-10],
  ["diffusion-constants.json", "linear.respaced[ddim30].timesteps", 1],
  ["diffusion-ops.json", "loop.ddim_cfg.respaced.eta0.5.sample", 1],
  ["diffusion-ops.json", "t0.vb_terms_bpd", 1],
  ["diffusion-ops.json", "rescaled_respaced.vb", 0.1],
])("%s falls short when %s is moved by %d", async (file, name, amount) => {
  const outcome = await checkFixture(altered(file, name, moved(amount)), reference());
  expect(outcome.verdict).toBe("short");
  expect(exitCodeOf([outcome])).toBe(4);
});

test("values that are no numbers, other shapes and missing inputs fall short", async () => {
  const file = "diffusion-constants.json";
  const check = async (change: (values: Values) => Values | undefined, name = "linear.betas", of = file) =>
    (await checkFixture(altered(of, name, change), reference())).verdict;
  expect(await check(moved(Number.NaN))).toBe("short");
  expect(await check(({ shape, data }) => ({ shape: [1, ...shape], data }))).toBe("short");
  expect(await check(() => undefined, "input.x", "dit-tiny-adaln-zero.json")).toBe("short");
});

test("a tensor that no check knows is reported", async () => {
  const fixture = altered("diffusion-constants.json", "linear.betas", (values) => values);
  const tensors = new Map([
    ...fixture.names.map((name) => [name, fixture.stored(name)] as const),
    ["stranger", { shape: [1], data: [1] }],
  ]);
  const outcome = await checkFixture(fixtureOf(fixture.file, fixture.kind, fixture.json, tensors), reference());
  expect(outcome.notChecked).toEqual(["stranger"]);
  expect(outcomeText(outcome, false)).toContain("not checked: 1 tensors: stranger");
});

test.each([
  ["diffusers-dit-tiny", "m/expected"],
  ["diffusers-dit-tiny", "m-expected"],
  ["diffusers-pipeline-tiny", "m/expected"],
  ["autoencoder-tiny", "m/expected"],
])("the folder %s is found as m from %s.json", async (name, renamed) => {
  const copy = mkdtempSync(join(tmpdir(), "fixture-"));
  const stem = files.find(({ file }) => file.startsWith(name))!.file.replace(/\.json$/, "");
  cpSync(join(folder, name), join(copy, "m"), { recursive: true });
  for (const end of [".json", ".safetensors"]) cpSync(join(folder, stem + end), join(copy, renamed + end));
  const [outcome] = await runParity(copy, reference(), {});
  expect(outcome).toMatchObject({ file: `${renamed}.json`, verdict: "green", notChecked: [] });
  if (name === "autoencoder-tiny") expect(outcome!.findings.map(({ group }) => group)).toContain("folder");
  rmSync(copy, { recursive: true });
});

test("loops of a length that no stride of DDIM has are checked", async () => {
  const original = files.find(({ file }) => file === "diffusion-ops.json")!.read();
  const others = original.names.filter((name) => !/^(loop|bpd_loop|rescaled)/.test(name));
  const tensors = new Map(others.map((name) => [name, original.stored(name)]));
  const noise = original.stored("loop.noise.0");
  for (let k = 0; k < 45; k++) tensors.set(`loop.noise.${k}`, noise);
  const timesteps = process("linear", 1000, "45").timesteps;
  tensors.set("loop.respaced.timesteps", { shape: [45], data: timesteps });
  const json = { ...original.json, loop_steps: 45 };
  const outcome = await checkFixture(fixtureOf("45.json", original.kind, json, tensors), reference());
  expect(outcome.reason).toBeUndefined();
  expect(outcome.findings.find(({ group }) => group === "loop.*.timesteps")).toMatchObject({ count: 1, error: 0 });
});

test("a fixture in which nothing is compared has not passed; one of an unknown kind is none of ours", async () => {
  const empty = fixtureOf("empty.json", "diffusion-constants", { num_timesteps: 10, errors: {} }, new Map());
  expect((await checkFixture(empty, reference())).verdict).toBe("short");
  const unknown = await checkFixture(fixtureOf("other.json", "other", {}, new Map()), reference());
  expect(unknown.verdict).toBe("unknown kind");
  expect(exitCodeOf([unknown])).toBe(0);
});

test("a damaged file falls short, whichever kind is asked for", async () => {
  const copy = mkdtempSync(join(tmpdir(), "fixture-"));
  for (const end of [".json", ".safetensors"])
    cpSync(join(folder, `diffusion-constants${end}`), join(copy, `whole${end}`));
  const json = readFileSync(join(folder, "dit-embeddings.json"), "utf8");
  writeFileSync(join(copy, "half.json"), json.slice(0, json.length / 2));
  for (const options of [{}, { only: "diffusion-constants" }]) {
    const outcomes = await runParity(copy, reference(), options);
    expect(outcomes.map(({ file, verdict }) => [file, verdict])).toEqual([
      ["half.json", "short"],
      ["whole.json", "green"],
    ]);
    expect(outcomes[0]!.reason).toContain("half.json is no JSON");
    expect(exitCodeOf(outcomes)).toBe(4);
  }
  rmSync(copy, { recursive: true });
});

test("the reference backend declines a forward pass of more than 10 G multiply-adds", async () => {
  const config = {
    ...{ input_size: 64, patch_size: 2, in_channels: 4, hidden_size: 384, depth: 12, num_heads: 6, mlp_ratio: 4 },
    ...{ class_dropout_prob: 0.1, num_classes: 1000, learn_sigma: true },
  };
  const tensors = new Map<string, Values>([
    ["input.x", { shape: [0], data: [] }],
    ["input.t", { shape: [1], data: [0] }],
    ["input.y", { shape: [1], data: [0] }],
  ]);
  const outcome = await checkFixture(fixtureOf("big.json", "dit-forward", { config, salt: "" }, tensors), reference());
  expect([outcome.verdict, exitCodeOf([outcome])]).toEqual(["declined", 0]);
  expect(outcome.reason).toContain("31.4 G multiply-adds");
});

test("tolerances are those of the README", () => {
  expect(toleranceOf("dit-parity", "cfg.output")).toEqual({ limit: 3e-4, unit: "absolute" });
  expect(toleranceOf("dit-parity", "loss.mean")).toEqual({ limit: 1e-5, unit: "relative" });
  expect(toleranceOf("diffusion-ops", "t999.p_clipped.mean")).toEqual({ limit: 5e-3, unit: "absolute" });
  expect(toleranceOf("diffusion-ops", "t500.p_clipped.mean")).toEqual({ limit: 1e-4, unit: "relative" });
  expect(toleranceOf("diffusion-ops", "direct.t999.kl.loss")).toEqual({ limit: 1e-3, unit: "absolute" });
  expect(toleranceOf("diffusion-ops", "t0.training.mse")).toEqual({ limit: 1e-4, unit: "relative" });
  expect(toleranceOf("diffusion-ops", "t0.vb_terms_bpd_clipped")).toEqual({ limit: 5e-2, unit: "relative" });
  expect(toleranceOf("flow", "GVP.score.likelihood.loss")).toEqual({ limit: 1e-5, unit: "relative" });
  expect(toleranceOf("flow", "sde.Euler.sigma.Mean")).toEqual({ limit: 1e-4, unit: "relative" });
  expect(toleranceOf("dit-train", "grad_norm.3")).toEqual({ limit: 1e-4, unit: "relative" });
});

test("a run of one kind, as text and as JSON", async () => {
  const outcomes = await runParity(folder, reference(), { only: "diffusion-constants" });
  expect(outcomes.map(({ kind }) => kind)).toEqual(["diffusion-constants"]);
  expect(summaryText(outcomes, "reference", false)).toContain("1 green, 0 short, 0 declined");
  expect(JSON.parse(parityJson(folder, "reference", outcomes))).toMatchObject({ exitCode: 0, green: 1, notChecked: 0 });
});
