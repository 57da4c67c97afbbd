import { DitError, f32, hostF32, hostI32, i32, type ScanFeeds, trace } from "@dit/core";
import { expect } from "vitest";
import { recurrence, recurrenceCarry, recurrenceConstants, recurrenceXs } from "./scans";
import type { Suite } from "./suite";

const rows = trace("rows", { table: f32([4, 2]), index: i32([3]) }, ({ table, index }) => ({
  rows: table.gather(index),
}));
const table = hostF32([4, 2], new Float32Array(8));
const index = hostI32([3], [0, 1, 2]);

/** Feeds that do not fit are refused by name, before anything runs. */
export function testErrors({ check }: Suite): void {
  const graphFeeds = [
    ["a missing input", { table }, /index/],
    ["an unknown input", { table, index, indices: index }, /indices/],
    ["an input of another shape", { table: hostF32([2, 4], table.data), index }, /table.*f32\[4, 2\].*f32\[2, 4\]/],
    ["an input of another dtype", { table, index: hostF32([3], [0, 1, 2]) }, /index.*i32\[3\].*f32\[3\]/],
  ] as const;
  for (const [what, feeds, message] of graphFeeds) {
    check(`a graph refuses ${what}`, async (backend) => {
      const executable = await backend.compile(rows);
      await expectRefusal(executable.run(feeds), message);
      await executable.dispose();
    });
  }

  const fitting = { constants: recurrenceConstants, carry: recurrenceCarry, xs: recurrenceXs(2) };
  const { x, count } = recurrenceCarry;
  const scanFeeds: readonly (readonly [string, ScanFeeds, RegExp])[] = [
    ["a missing constant", { ...fitting, constants: { w: recurrenceConstants.w } }, /\bb\b/],
    ["an unknown constant", { ...fitting, constants: { ...recurrenceConstants, bias: x } }, /bias/],
    ["a missing carry", { ...fitting, carry: { x } }, /count/],
    [
      "a carry of another shape",
      { ...fitting, carry: { x: hostF32([3, 2], x.data), count } },
      /x.*f32\[2, 3\].*f32\[3, 2\]/,
    ],
    ["stacks of different lengths", { ...fitting, xs: { ...fitting.xs, scale: hostF32([3], [1, 1, 1]) } }, /scale/],
    ["an unstacked input", { ...fitting, xs: { ...fitting.xs, u: x } }, /u.*f32\[2, 3\]/],
  ];
  for (const [what, feeds, message] of scanFeeds) {
    check(`a scan refuses ${what}`, async (backend) => {
      const executable = await backend.compileScan(recurrence);
      await expectRefusal(executable.run(feeds), message);
      await executable.dispose();
    });
  }

  check("binding an unknown constant is refused", async (backend) => {
    await expectRefusal(backend.compile(rows, { constants: { tables: table } }), /tables/);
    await expectRefusal(backend.compileScan(recurrence, { constants: { weight: x } }), /weight/);
  });

  check("binding a constant of another type is refused", async (backend) => {
    await expectRefusal(backend.compile(rows, { constants: { table: hostF32([2, 4], table.data) } }), /table/);
    await expectRefusal(backend.compileScan(recurrence, { constants: { w: x } }), /w.*f32\[3, 3\].*f32\[2, 3\]/);
  });
}

async function expectRefusal(attempt: Promise<unknown>, message: RegExp): Promise<void> {
  const outcome = await attempt.then(
    () => "no error",
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(DitError);
  expect((outcome as DitError).message).toMatch(message);
}
