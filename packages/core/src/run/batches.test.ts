import { describe, expect, test } from "vitest";
import type { HostTensor } from "../ir/hostTensor";
import { trainingBatches, validationBatches } from "./batches";
import { toyData, toyModel } from "./toyModel";

const image = 16;
const source = (batchSize: number, { seed = 1, data = toyData, model = toyModel } = {}) =>
  trainingBatches(data, model, batchSize, seed);
const indicesOf = (x0: Float32Array) => Array.from({ length: x0.length / image }, (_, i) => x0[i * image]!);
const noDropout = { ...toyModel, dit: { ...toyModel.dit, classDropout: 0 } };

describe("training batches", () => {
  test("are functions of seed, step and sample: steps at a time make no difference", () => {
    const together = source(4).batches(0, 6);
    for (let step = 0; step < 6; step++) {
      const alone = source(4).batches(step, 1);
      const rows = (data: HostTensor["data"], size: number) => data.slice(step * 4 * size, (step + 1) * 4 * size);
      expect(alone.x0.data).toEqual(rows(together.x0.data, image));
      expect(alone.noise.data).toEqual(rows(together.noise.data, image));
      expect(alone.step!.data).toEqual(rows(together.step!.data, 1));
      expect(alone.y.data).toEqual(rows(together.y.data, 1));
    }
  });

  test("give sample i of a step the same noise, timestep and dropped label in batches of any size", () => {
    const [small, large] = [source(2).batches(3, 1), source(8).batches(3, 1)];
    expect(small.noise.data).toEqual(large.noise.data.slice(0, 2 * image));
    expect(small.step!.data).toEqual(large.step!.data.slice(0, 2));
  });

  test("take the images in one order, whatever the size of a batch", () => {
    const order = (batchSize: number, count: number) => indicesOf(source(batchSize).batches(0, count).x0.data);
    expect(order(4, 6)).toEqual(order(8, 3));
    expect(order(1, 24)).toEqual(order(8, 3));
  });

  test("hold every image once an epoch, in another order each", () => {
    const indices = indicesOf(source(5).batches(0, 4).x0.data);
    const epochs = [indices.slice(0, 10), indices.slice(10)];
    for (const epoch of epochs) expect([...epoch].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(epochs[0]).not.toEqual(epochs[1]);
  });

  test("may be larger than the data", () => {
    const indices = indicesOf(source(25).batches(0, 1).x0.data);
    expect(new Set(indices.slice(0, 10)).size).toBe(10);
    expect(new Set(indices.slice(10, 20)).size).toBe(10);
  });

  test("differ from seed to seed and from step to step", () => {
    const [first, second] = [source(4).batches(0, 2), source(4, { seed: 2 }).batches(0, 2)];
    expect(first.noise.data).not.toEqual(second.noise.data);
    expect(first.noise.data.slice(0, 64)).not.toEqual(first.noise.data.slice(64));
  });

  test("drop labels as often as the model says, and keep the others", () => {
    const { y, x0 } = source(10).batches(0, 100);
    const labels = [...y.data];
    indicesOf(x0.data).forEach((index, i) => {
      if (labels[i] !== 3) expect(labels[i]).toBe(index % 3);
    });
    expect(labels.filter((label) => label === 3).length / labels.length).toBeCloseTo(0.1, 1);
    expect([...source(10, { model: noDropout }).batches(0, 100).y.data]).not.toContain(3);
  });

  test("draw timesteps from the whole chain", () => {
    const steps = [...source(10).batches(0, 100).step!.data];
    expect(Math.min(...steps)).toBeLessThan(20);
    expect(Math.max(...steps)).toBeGreaterThan(979);
    expect(Math.max(...steps)).toBeLessThan(1000);
    expect(steps.reduce((sum, t) => sum + t) / steps.length / 500).toBeCloseTo(1, 1);
  });

  test("mirror about half of the images, where the data allows it, each row for itself", () => {
    const plain = source(10, { model: noDropout }).batches(0, 20);
    const mirrored = source(10, { model: noDropout, data: { ...toyData, flip: true } }).batches(0, 20);
    let flips = 0;
    for (let i = 0; i < 200; i++) {
      const rows = (x0: Float32Array) =>
        [0, 4, 8, 12].map((row) => [...x0.slice(i * image + row, i * image + row + 4)]);
      const [before, after] = [rows(plain.x0.data), rows(mirrored.x0.data)];
      if (after[1]![0] === before[1]![0]) expect(after).toEqual(before);
      else {
        flips++;
        expect(after).toEqual(before.map((row) => row.reverse()));
      }
    }
    expect(flips / 200).toBeCloseTo(0.5, 1);
    expect(mirrored.noise.data).toEqual(plain.noise.data);
  });
});

describe("validation batches", () => {
  const measured = validationBatches({ ...toyData, flip: true }, toyModel, 5, 7);

  test("go through the images in their own order, with their own labels", () => {
    const { x0, y } = measured.batches(0, 2);
    expect(indicesOf(x0.data)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect([...y.data]).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2, 0]);
  });

  test("are the same at each visit", () => {
    expect(measured.batches(1, 1)).toEqual(measured.batches(1, 1));
  });
});

test("data with many images to an index are asked for one, by the place in training and whether it is mirrored", () => {
  const asked: unknown[] = [];
  const data = {
    ...toyData,
    flip: true,
    draw: (index: number, isMirrored: boolean, key: object, out: Float32Array, offset: number) => {
      asked.push({ isMirrored, ...key });
      out[offset] = index;
    },
  };
  const { x0 } = source(4, { data }).batches(2, 1);
  expect([...indicesOf(x0.data)].sort()).toHaveLength(4);
  expect(asked).toHaveLength(4);
  expect(new Set(asked.map((call) => (call as { isMirrored: boolean }).isMirrored))).toEqual(new Set([true, false]));
  expect(asked[1]).toMatchObject({ seed: 1, step: 2, sample: 1 });
  expect(validationBatches(data, toyModel, 4, 7).batches(0, 1).x0.data[image]).toBe(1);
  expect(asked.at(-1)).toEqual({ isMirrored: false, seed: 7, step: 0, sample: 3 });
});
