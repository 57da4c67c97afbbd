import type { Backend } from "@dit/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testErrors } from "./errors";
import { testLifecycle } from "./lifecycle";
import { testModels } from "./models";
import { testOperations } from "./operations";
import { testOwnership } from "./ownership";
import { testPrecisions } from "./precisions";
import { testScans } from "./scans";
import { testTraining } from "./training";
import { testVariants } from "./variants";

export interface ConformanceOptions {
  /** Largest error of one operation, relative to the largest value of its result. Whole models may have ten times that. */
  readonly tolerance: number;
  /** Tests that this backend cannot pass, by name. */
  readonly skip?: readonly { readonly reason: string; readonly tests: readonly string[] }[];
}

/** What the parts of the suite are given. */
export interface Suite {
  readonly tolerance: number;
  /** Registers a test of the backend, which must leave no tensor behind. */
  check(fact: string, run: (backend: Backend) => Promise<void>): void;
}

/** From the smallest to the largest: what fails first is what is wrong. Their names head the rows of docs/support.md. */
const parts: Readonly<Record<string, (suite: Suite) => void>> = {
  "operations and their gradients": testOperations,
  scans: testScans,
  "ownership of tensors": testOwnership,
  "cancelling, failing, many at once": testLifecycle,
  "errors that name the model path": testErrors,
  precisions: testPrecisions,
  "whole models: forward and sampling": testModels,
  "conditioning designs and block options": testVariants,
  "training curves": testTraining,
};

/**
 * What every backend must hold to, from adding two numbers up to a training run: the reference decides what is right.
 * A name in `skip` that no test has is an error, so that skips go when their reason does.
 */
export function testBackend(
  name: string,
  create: () => Promise<Backend>,
  { tolerance, skip = [] }: ConformanceOptions,
): void {
  describe(`the backend ${name}`, () => {
    let backend: Backend;
    beforeAll(async () => {
      backend = await create();
    });
    afterAll(() => backend.dispose());

    const reasons = new Map(skip.flatMap(({ reason, tests }) => tests.map((fact) => [fact, reason] as const)));
    const suite: Suite = {
      tolerance,
      check(fact, run) {
        const reason = reasons.get(fact);
        reasons.delete(fact);
        if (reason === undefined) {
          test(fact, async () => {
            const before = backend.memory().liveTensors;
            await run(backend);
            expect(backend.memory().liveTensors - before, "tensors that the test leaves behind").toBe(0);
          });
        } else test.skip(`${fact} (${reason})`, () => {});
      },
    };
    for (const [part, register] of Object.entries(parts)) describe(part, () => register(suite));
    const [unknown] = reasons.keys();
    if (unknown !== undefined) throw new Error(`the skipped test ${JSON.stringify(unknown)} does not exist`);
  });
}
