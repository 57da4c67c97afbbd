import { expect, test } from "vitest";
import { readNpy } from "./npy";
import { writeNpz } from "./npz";

test("each array is a .npy member, and equal arrays give equal files", () => {
  const images = { dtype: "u1", shape: [2, 2], data: Uint8Array.of(1, 2, 3, 4) } as const;
  const labels = { dtype: "i8", shape: [2], data: BigInt64Array.of(-1n, 9n) } as const;
  const file = writeNpz({ arr_0: images, labels });
  expect(writeNpz({ arr_0: images, labels })).toEqual(file);

  const name = (at: number, length: number) => new TextDecoder().decode(file.subarray(at, at + length));
  expect(name(30, 9)).toBe("arr_0.npy");
  const second = 30 + 9 + 128 + 4;
  expect(name(second + 30, 10)).toBe("labels.npy");
  expect(readNpy(file.subarray(39, second))).toEqual(images);
  expect(readNpy(file.subarray(second + 40, second + 40 + 128 + 16))).toEqual(labels);
});
