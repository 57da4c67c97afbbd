import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FormatError, MissingPackageError } from "@dit/core";
import { encode } from "fast-png";
import { beforeEach, describe, expect, it } from "vitest";
import type { Sharp } from "./decodeImage";
import { imageFolder } from "./imageFolder";

const flat = (width: number, height: number, colour: [number, number, number]) =>
  encode({
    width,
    height,
    channels: 3,
    data: Uint8Array.from({ length: width * height * 3 }, (_, i) => colour[i % 3]!),
  });

let root: string;
beforeEach(() => {
  root = join(mkdtempSync(join(tmpdir(), "dit-folder-")), "pets");
  for (const name of ["dogs", "Birds", "cats", ".hidden"]) mkdirSync(join(root, name), { recursive: true });
  writeFileSync(join(root, "cats", "b.png"), flat(4, 4, [255, 0, 0]));
  writeFileSync(join(root, "cats", "a.PNG"), flat(8, 4, [0, 255, 0]));
  writeFileSync(join(root, "cats", "notes.txt"), "not an image");
  writeFileSync(join(root, "cats", "._b.png"), "not an image either");
  writeFileSync(join(root, "dogs", "a.png"), flat(9, 9, [0, 0, 255]));
  writeFileSync(join(root, "Birds", "a.png"), flat(4, 4, [255, 255, 255]));
});

describe("imageFolder", () => {
  it("leaves hidden things out, and folders that are named as images are", async () => {
    mkdirSync(join(root, "dogs", "deep.png"));
    expect((await imageFolder(root, { size: 4 })).size).toBe(4);
  });

  it("makes one class of each sub-folder, in the order of names", async () => {
    const data = await imageFolder(root, { size: 4 });
    expect(data).toMatchObject({ name: "folder:pets", classNames: ["Birds", "cats", "dogs"], imageShape: [3, 4, 4] });
    expect(Array.from({ length: data.size }, (_, i) => data.label(i))).toEqual([0, 1, 1, 2]);
    const out = new Float32Array(48);
    data.read(1, out, 0);
    // a.PNG, green: the green plane is 1, the others -1.
    expect([out[0], out[16], out[32]]).toEqual([-1, 1, -1]);
    expect([data.flip, (await imageFolder(root, { size: 4, flip: false })).flip]).toEqual([true, false]);
  });

  it("makes grey images on request", async () => {
    const data = await imageFolder(root, { size: 4, channels: 1 });
    const out = new Float32Array(16);
    data.read(2, out, 0);
    expect(data.imageShape).toEqual([1, 4, 4]);
    expect(out[0]).toBeCloseTo(76 / 127.5 - 1, 6);
  });

  it("has the same fingerprint wherever the folder lies", async () => {
    const first = await imageFolder(root, { size: 4 });
    expect((await imageFolder(`${root}/../pets`, { size: 4 })).fingerprint).toBe(first.fingerprint);
    expect((await imageFolder(root, { size: 3 })).fingerprint).not.toBe(first.fingerprint);
  });

  it("explains what is wrong with a folder", async () => {
    await expect(imageFolder(join(root, "nowhere"), { size: 4 })).rejects.toThrow(
      /there is no such folder; data must be/,
    );
    await expect(imageFolder(join(root, "cats", "b.png"), { size: 4 })).rejects.toThrow("this is not a folder");
    await expect(imageFolder(join(root, "cats"), { size: 4 })).rejects.toThrow("no class folders in it");
    await expect(imageFolder(root, { size: 5 })).rejects.toThrow(
      /Birds.a\.png: 4 x 4 pixels is smaller than imageSize 5/,
    );
    mkdirSync(join(root, "empty"));
    await expect(imageFolder(root, { size: 4 })).rejects.toThrow(/empty: no images in this class folder/);
  });

  it("names a broken image", async () => {
    writeFileSync(join(root, "dogs", "broken.png"), flat(9, 9, [0, 0, 255]).subarray(0, 60));
    await expect(imageFolder(root, { size: 4 })).rejects.toThrow(FormatError);
    await expect(imageFolder(root, { size: 4 })).rejects.toThrow(/^broken PNG: dogs.broken\.png \(/);
  });

  it("asks for sharp when there is a JPEG", async () => {
    writeFileSync(join(root, "dogs", "photo.jpg"), "bytes");
    const open = (sharp?: Sharp) => imageFolder(root, { size: 4, loadSharp: async () => sharp });
    await expect(open()).rejects.toThrow(MissingPackageError);
    await expect(open()).rejects.toThrow(
      /^dogs.photo\.jpg: sharp, which reads JPEG, is not installed\. Install it with: npm install sharp$/,
    );
    const pipeline = {
      rotate: () => pipeline,
      flatten: () => pipeline,
      toColourspace: () => pipeline,
      removeAlpha: () => pipeline,
      raw: () => pipeline,
      toBuffer: async () => ({ data: new Uint8Array(16).fill(255), info: { width: 4, height: 4, channels: 1 } }),
    };
    expect((await open(() => pipeline)).size).toBe(5);
    await expect(
      open(() => {
        throw new Error("Input buffer contains unsupported image format\nmore");
      }),
    ).rejects.toThrow(/^broken JPEG: dogs.photo\.jpg \(Input buffer contains unsupported image format\)$/);
  });
});
