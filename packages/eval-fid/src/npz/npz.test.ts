import { zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { bytesSource } from "./byteSource";
import { storedMoments } from "./moments";
import { npzImages } from "./npzImages";
import { openNpy, openNpz, toNumbers } from "./readNpz";
import { npzWriter } from "./writeNpz";

async function file(add: (writer: ReturnType<typeof npzWriter>) => Promise<void>): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  const writer = npzWriter((bytes) => {
    pieces.push(bytes.slice());
  });
  await add(writer);
  await writer.finish();
  return new Uint8Array(await new Blob(pieces as BlobPart[]).arrayBuffer());
}

/** The bytes of a .npy file, of which a text and data are given. */
function npyOf(text: string, data: Uint8Array): Uint8Array {
  const header = new TextEncoder().encode(`${text.padEnd(117)}\n`);
  return Uint8Array.of(0x93, ...new TextEncoder().encode("NUMPY"), 1, 0, header.length, 0, ...header, ...data);
}

const images = Uint8Array.from({ length: 7 * 2 * 3 * 3 }, (_, i) => (i * 37) & 255);
const batch = () =>
  file(async (writer) => {
    await writer.add("arr_0", "u1", [7, 2, 3, 3], [images.subarray(0, 50), images.subarray(50)]);
    await writer.add("arr_1", "i8", [7], [BigInt64Array.from({ length: 7 }, (_, i) => BigInt(i % 3))]);
  });

async function collect<T>(generator: AsyncGenerator<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of generator) all.push(item);
  return all;
}

describe("images", () => {
  test("come in batches with their classes, from any image on", async () => {
    const source = await npzImages(await openNpz(bytesSource(await batch())), "batch");
    expect(source).toMatchObject({ count: 7 });
    const all = await collect(source!.batches(3));
    expect(all.map(({ count }) => count)).toEqual([3, 3, 1]);
    expect(all.flatMap(({ data }) => [...data])).toEqual([...images]);
    const rest = await collect(source!.batches(3, 4));
    expect(rest.flatMap(({ labels }) => [...labels!])).toEqual([1, 2, 0]);
    expect(rest.flatMap(({ data }) => [...data])).toEqual([...images.subarray(4 * 18)]);
  });

  test("a writer's file is the same again, deflated too", async () => {
    const bytes = await batch();
    expect(await batch()).toEqual(bytes);
    const npy = await (await openNpz(bytesSource(bytes))).get("arr_0")!.read();
    const header = bytes.subarray(30 + 9 + 20, 30 + 9 + 20 + 128);
    const plain = new Uint8Array([...header, ...images]);
    expect(await openNpy(bytesSource(plain)).read()).toEqual(npy);
    const deflated = zipSync({ "arr_0.npy": plain }, { level: 9 });
    expect(await (await openNpz(bytesSource(deflated))).get("arr_0")!.read()).toEqual(npy);
  });

  test("what is no array of numbers is no hindrance, and is copied as it is", async () => {
    const names = npyOf(
      "{'descr': '<U1', 'fortran_order': False, 'shape': (2,), }",
      Uint8Array.of(65, 0, 0, 0, 66, 0, 0, 0),
    );
    const bytes = zipSync({
      "names.npy": names,
      "mu.npy": npyOf("{'descr': '<f2', 'fortran_order': False, 'shape': (), }", Uint8Array.of(0, 60)),
    });
    const arrays = await openNpz(bytesSource(bytes, "f"));
    expect([...toNumbers(await arrays.get("mu")!.read())]).toEqual([1]);
    await expect(arrays.get("names")!.read()).rejects.toThrow('f: names.npy: dtype "<U1"; save it as one of');
    const again = await openNpz(
      bytesSource(
        await file(async (writer) => {
          for (const [name, array] of arrays) await writer.copy(name, array.bytes());
        }),
      ),
    );
    expect([...again.keys()]).toEqual(["names", "mu"]);
    expect((await collect(again.get("names")!.bytes())).flatMap((piece) => [...piece])).toEqual([...names]);
    expect(await again.get("mu")!.read()).toEqual(await arrays.get("mu")!.read());
  });

  test("what is no batch of images is refused", async () => {
    const wrong = await file((writer) => writer.add("arr_0", "f4", [1, 2, 2, 3], [new Float32Array(12)]));
    await expect(openNpz(bytesSource(wrong)).then((arrays) => npzImages(arrays, "x"))).rejects.toThrow(
      "x: arr_0 must be uint8 [N, H, W, 1 or 3], it is f4 [1,2,2,3]",
    );
  });

  test.each([
    ["i8 [7,3]", "i8", [7, 3], new BigInt64Array(21)],
    ["i8 [6]", "i8", [6], new BigInt64Array(6)],
    ["f4 [7]", "f4", [7], new Float32Array(7)],
  ] as const)("classes that are none, %s, are refused", async (seen, code, shape, data) => {
    const wrong = await file(async (writer) => {
      await writer.add("arr_0", "u1", [7, 2, 3, 3], [images]);
      await writer.add("arr_1", code, shape, [data]);
    });
    await expect(openNpz(bytesSource(wrong)).then((arrays) => npzImages(arrays, "x"))).rejects.toThrow(
      `x: arr_1 must be the class of each image, integers [7], it is ${seen}`,
    );
  });
});

describe("damage", () => {
  const read = async (bytes: Uint8Array) => (await openNpz(bytesSource(bytes, "f"))).get("arr_0")!.read();

  test("a byte that changed, a file cut off, another file", async () => {
    const changed = await batch();
    changed[250] = changed[250]! ^ 1;
    await expect(read(changed)).rejects.toThrow("arr_0.npy is damaged: its length or checksum is wrong");
    const whole = await batch();
    await expect(read(whole.subarray(0, 400))).rejects.toThrow("not a zip archive, or cut off");
    await expect(read(whole.subarray(100))).rejects.toThrow();
    await expect(read(new Uint8Array(0))).rejects.toThrow("not a zip archive");
  });

  test("too few numbers are noticed when written", async () => {
    await expect(file((writer) => writer.add("mu", "f8", [3], [new Float64Array(2)]))).rejects.toThrow(
      "mu of shape [3] takes 24 bytes, 16 were given",
    );
  });
});

test("statistics come in pairs", async () => {
  const add = (name: string, shape: number[]) => (writer: ReturnType<typeof npzWriter>) =>
    writer.add(name, "f8", shape, [new Float64Array(shape.reduce((a, b) => a * b, 1))]);
  const lonely = await openNpz(bytesSource(await file(add("mu", [3]))));
  await expect(storedMoments(lonely, "x")).rejects.toThrow("x: has mu but no sigma");
  const both = await file(async (writer) => {
    await add("mu_s", [3])(writer);
    await add("sigma_s", [3, 3])(writer);
  });
  expect(Object.keys(await storedMoments(await openNpz(bytesSource(both)), "x"))).toEqual(["spatial"]);
});
