import { ConfigError } from "@dit/core";
import { describe, expect, it } from "vitest";
import { parseJsonWithComments } from "./jsonWithComments";

const parse = (text: string) => parseJsonWithComments(text, "x.json");

describe("parseJsonWithComments", () => {
  it("skips comments and surplus commas, but not inside strings", () => {
    expect(parse('\uFEFF{ "a": "http://x", /* b, */ "c": ["// no", "/* no */", "\\"//", ",]", ], // end\n }')).toEqual({
      a: "http://x",
      c: ["// no", "/* no */", '"//', ",]"],
    });
  });

  it.each([
    ['{\n  // note\n  "a": 1 "b": 2\n}', "x.json, line 3, column 10: "],
    ['{\n "a": ', "x.json, line 2, column 7: "],
    ["", "x.json, line 1, column 1: "],
    ["{ /* open", "x.json, line 1, column 3: "],
    ["[,]", "x.json, line 1, column 2: "],
    ['{\n "a": 1,\n "steps": ten,\n "b": 2\n}', "x.json, line 3, column 12: Unexpected token 'e'"],
    ['{\n "steps": yes,\n "b": 2\n}', "x.json, line 2, column 11: Unexpected token 'y'"],
  ])("says where %j is wrong", (text, message) => {
    expect(() => parse(text)).toThrow(ConfigError);
    expect(() => parse(text)).toThrow(message);
    expect(() => parse(text)).toThrow(/^[^\n]+$/);
  });
});
