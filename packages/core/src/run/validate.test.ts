import { expect, test } from "vitest";
import { ditSpec } from "../define/dit/dit";
import { initialize } from "../define/initialize";
import { reference } from "./reference/reference";
import { toyData, toyModel } from "./toyModel";
import { validator } from "./validate";

const fresh = initialize(ditSpec(toyModel.dit), 0);

async function lossOf(validation: Partial<Parameters<typeof validator>[2]>, weights = fresh) {
  const backend = reference();
  const measure = await validator(toyModel, backend, { data: toyData, batchSize: 5, batches: 2, ...validation });
  const losses = [await measure.run(weights), await measure.run(weights)];
  await measure.dispose();
  expect(losses[0]).toBe(losses[1]);
  expect(backend.memory().liveTensors).toBe(0);
  return losses[0]!;
}

test("the held-out loss is the same at each visit, and moves with the weights", async () => {
  const loss = await lossOf({});
  const bias = fresh["final_layer.linear.bias"]!;
  const other = { ...fresh, "final_layer.linear.bias": { ...bias, data: bias.data.map(() => 1) } };
  expect(await lossOf({}, other)).toBeGreaterThan(loss);
});

test("it is a mean over batches, of which there are no more than the data holds", async () => {
  const [both, all] = [await lossOf({ batches: 2 }), await lossOf({ batches: 99 })];
  expect(all).toBe(both);
  expect(await lossOf({ batches: 1 })).not.toBe(both);
});

test("data smaller than a batch is one batch", async () => {
  expect(await lossOf({ batchSize: 1000 })).toBeGreaterThan(0);
});
