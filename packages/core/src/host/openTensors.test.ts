import { expect, test } from "vitest";
import { bytesSource } from "./byteSource";
import { openTensors } from "./openTensors";
import { writeSafetensors } from "./safetensors";
import { openShards } from "./safetensorsShards";

const one = { a: { dtype: "U8", shape: [1], bytes: Uint8Array.of(7) } } as const;

test("a safetensors file is one, whatever the length of its header makes it begin with", () => {
  const starts = new Set<number>();
  for (let padding = 0; padding < 256; padding++) {
    const bytes = writeSafetensors(one, { padding: " ".repeat(padding) });
    starts.add(bytes[0]!);
    expect(openTensors(bytesSource(bytes)).tensors.get("a")!.bytes).toEqual(Uint8Array.of(7));
  }
  expect(starts).toContain(0x80); // as a pickle does
});

test("shards are read through their index, which cannot lead out of their folder", () => {
  const open = (name: string) => openTensors(bytesSource(writeSafetensors(name === "x-1.safetensors" ? one : {})));
  const index = (map: object) => JSON.stringify({ metadata: { total_size: 1 }, weight_map: map });
  expect(openShards(index({ a: "x-1.safetensors" }), open).tensors.get("a")!.bytes).toEqual(Uint8Array.of(7));
  expect(() => openShards(index({ a: "x-2.safetensors" }), open)).toThrow('x-2.safetensors does not hold "a"');
  expect(() => openShards(index({ a: "../x-1.safetensors" }), open)).toThrow('names the file "../x-1.safetensors"');
  expect(() => openShards("{", open)).toThrow("not valid JSON");
});
