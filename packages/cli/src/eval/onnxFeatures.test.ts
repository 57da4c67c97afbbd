import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { f32, trace } from "@dit/core";
import { prepareImages } from "@dit/eval-fid";
import { afterAll, expect, test } from "vitest";
import { lowerGraph } from "../../../backend-ort/src/lower/lowerGraph";
import { encodeModel } from "../../../backend-ort/src/onnx/encode";
import { onnxFeatures } from "./onnxFeatures";

const folder = mkdtempSync(join(tmpdir(), "dit-onnx-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A network that gives the mean of each channel, and as logits twice that. */
function network(channels: number): string {
  const graph = trace("means", { images: f32([4, channels, 8, 8]) }, ({ images }) => {
    const features = images.reshape([4, channels, 64]).mean([2]);
    return { features, logits: features.add(features) };
  });
  const file = join(folder, `${channels}.onnx`);
  writeFileSync(file, encodeModel(lowerGraph(graph, {})));
  return file;
}

test("a file's network sees images by the route of the mode, in batches of any size", async () => {
  const data = Uint8Array.from({ length: 6 * 5 * 7 * 3 }, (_, i) => (i * 37) & 255);
  const images = { count: 6, height: 5, width: 7, channels: 3, data } as const;
  const net = await onnxFeatures(network(3), "clean-fid");
  expect(net.settings).toMatchObject({ network: "3.onnx", route: expect.stringContaining("PIL bicubic") });
  expect(net.batch).toBe(4);
  const part = { ...images, count: 3, data: data.subarray(0, 3 * 105), labels: Int32Array.of(2, 0, 1) };
  const { rows, labels } = await net.extract(part);
  const prepared = prepareImages(part, "clean-fid", 8).data;
  for (let row = 0; row < 9; row++) {
    const mean = prepared.subarray(row * 64, (row + 1) * 64).reduce((sum, x) => sum + x, 0) / 64;
    expect(rows.features!.data[row]).toBeCloseTo(mean, 5);
    expect(rows.logits!.data[row]).toBeCloseTo(2 * mean, 5);
  }
  expect([...labels!]).toEqual([2, 0, 1]);
  await net.dispose();
});

test("a file that takes something else is refused", async () => {
  await expect(onnxFeatures(network(1), "adm")).rejects.toThrow("a feature network has one input [N, 3, size, size]");
});
