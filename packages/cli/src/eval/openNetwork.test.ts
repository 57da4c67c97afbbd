import { verify } from "@dit/eval-fid";
import { expect, test } from "vitest";
import { backends, openBackend } from "../openBackend";
import { openNetwork } from "./openNetwork";

test("onnxruntime computes the Inception network as the float64 reference does", async () => {
  const backend = await openBackend(backends.ort);
  const { largestDeviation, backend: name } = await verify(backend);
  expect(name).toBe("ort-cpu");
  expect(largestDeviation).toBeGreaterThan(0);
  expect(largestDeviation).toBeLessThan(2e-5);
  await backend.dispose();
});

test("the digits network that comes along tells a vertical line from a ring", async () => {
  const { network } = await openNetwork("digits", "adm", backends.ort);
  expect(network.settings.network).toBe("digits");
  const data = new Uint8Array(2 * 28 * 28);
  for (let y = 0; y < 28; y++) {
    for (let x = 0; x < 28; x++) {
      const isLine = Math.abs(x - 14) < 2 && y >= 4 && y < 24;
      const isRing = Math.abs(Math.hypot(x - 14, (y - 14) * 0.75) - 6.5) < 1.5;
      data[y * 28 + x] = isLine ? 255 : 0;
      data[784 + y * 28 + x] = isRing ? 255 : 0;
    }
  }
  const { rows } = await network.extract({ count: 2, height: 28, width: 28, channels: 1, data });
  const likeliest = [0, 1].map((i) => {
    const scores = Array.from(rows.logits!.data.subarray(i * 10, (i + 1) * 10));
    return scores.indexOf(Math.max(...scores));
  });
  expect(likeliest).toEqual([1, 0]);
  await network.dispose();
});
