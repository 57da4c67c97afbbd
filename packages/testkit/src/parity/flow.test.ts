import { fileURLToPath } from "node:url";
import { reference } from "@dit/core";
import { beforeAll, expect, test } from "vitest";
import { type Fixture, findFixtures, fixtureOf, type Values } from "./fixture";
import { checkFixture } from "./parity";

const folder = fileURLToPath(new URL("../../fixtures/", import.meta.url));
let whole: Fixture;
beforeAll(() => {
  whole = findFixtures(folder)
    .find(({ kind }) => kind === "flow")!
    .read();
});

/** What is read, some of what is checked, and other tensors. */
function partial(names: readonly string[], others: Readonly<Record<string, Values>> = {}): Fixture {
  const kept = whole.names.filter((name) => name.startsWith("input.") || names.includes(name));
  const tensors = new Map([...kept.map((name) => [name, whole.stored(name)] as const), ...Object.entries(others)]);
  return fixtureOf("part.json", whole.kind, whole.json, tensors);
}

/** A stored tensor with its last value moved. */
function moved(name: string, amount: number): Record<string, Values> {
  const { shape, data } = whole.stored(name);
  return { [name]: { shape, data: Float64Array.from(data, (x, i) => x + (i === data.length - 1 ? amount : 0)) } };
}

test("a part of the tensors is checked as the whole is", async () => {
  const names = ["VP.score.likelihood.loss", "GVP.xt", "GVP.diffusion.SBDM", "ode.heun2"];
  const outcome = await checkFixture(partial(names), reference());
  expect([outcome.verdict, outcome.notChecked]).toEqual(["green", []]);
  expect(outcome.findings.reduce((sum, { count }) => sum + count, 0)).toBe(names.length);
});

test.each([
  ["Linear.score.velocity.loss", 0.1],
  ["GVP.score_from_velocity", 0.1],
  ["VP.diffusion.inccreasing-decreasing", 1e-3],
  ["ode.euler_cfg", 0.1],
  ["sde.Heun.linear.Mean", 0.1],
])("%s moved by %d falls short", async (name, amount) => {
  const inputs = name.startsWith("GVP") ? ["GVP.xt"] : [];
  expect((await checkFixture(partial(inputs, moved(name, amount)), reference())).verdict).toBe("short");
});

test("tensors that are nearly known are reported, not passed over", async () => {
  const value = { shape: [1], data: [0] };
  const strangers = [
    "ode.bosh3",
    "ode.euler_cfg_again",
    "sde.Euler.sigma.Median",
    "sde.Milstein.sigma.Mean",
    "sde.Euler.cubic.Mean",
    "VP.eps.loss",
    "Cosine.velocity.loss",
    "GVP.diffusion.cubic",
    "gradnorm.stranger",
  ];
  const others = Object.fromEntries(strangers.map((name) => [name, value]));
  const outcome = await checkFixture(partial(["GVP.xt"], others), reference());
  expect(outcome.notChecked).toEqual(strangers);
});
