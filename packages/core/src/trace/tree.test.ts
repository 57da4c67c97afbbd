import { describe, expect, test } from "vitest";
import { flatten, mapTree } from "./tree";

const isNumber = (value: unknown): value is number => typeof value === "number";
const tree = { blocks: [{ attn: { qkv: 1 } }, { attn: { qkv: 2 } }], mlp: { 0: 3, 2: 4 }, "a.b": 5 };

describe("a tree", () => {
  test("flattens to leaves by path, in the order in which they are written", () => {
    expect(Object.entries(flatten(tree, isNumber))).toEqual([
      ["blocks.0.attn.qkv", 1],
      ["blocks.1.attn.qkv", 2],
      ["mlp.0", 3],
      ["mlp.2", 4],
      ["a.b", 5],
    ]);
  });

  test("keeps its nesting when its leaves change, arrays as arrays", () => {
    expect(mapTree(tree, isNumber, (leaf, path) => `${path}=${leaf}`)).toEqual({
      blocks: [{ attn: { qkv: "blocks.0.attn.qkv=1" } }, { attn: { qkv: "blocks.1.attn.qkv=2" } }],
      mlp: { 0: "mlp.0=3", 2: "mlp.2=4" },
      "a.b": "a.b=5",
    });
  });

  test("may be one leaf, or empty", () => {
    expect(flatten(7, isNumber)).toEqual({ "": 7 });
    expect(flatten({}, isNumber)).toEqual({});
  });

  test("names what is neither leaf nor branch", () => {
    expect(() => flatten({ a: { b: "text" } }, isNumber)).toThrow("a.b is neither leaf nor branch");
    expect(() => flatten(null, isNumber)).toThrow("the tree is neither leaf nor branch");
  });
});
