import fc from "fast-check";
import { expect, test } from "vitest";
import { duplicateKey } from "./duplicateKey";

test.each([
  ['{"a":1,"b":2}', undefined],
  ['{"a":1,"a":2}', "a"],
  ['{"a":{"x":1},"b":{"x":1}}', undefined],
  ['{"a":{"x":1,"y":{},"x":1}}', "x"],
  ['{"a":1,"\\u0061":2}', "a"],
  ['{"a\\"":1,"a\\\\":2, "b" : "a\\": {" }', undefined],
  ['[{"a":1},{"a":1}]', undefined],
  ['{"__proto__":1,"__proto__":2}', "__proto__"],
])("%s", (json, key) => {
  expect(duplicateKey(json)).toBe(key);
});

test("finds none in what JSON.stringify wrote", () => {
  fc.assert(
    fc.property(fc.json(), (json) => {
      expect(duplicateKey(json)).toBeUndefined();
    }),
  );
});

test("takes a string of many megabytes full of escapes", () => {
  const long = JSON.stringify({ a: '"\\'.repeat(1_000_000), b: 1 });
  expect(duplicateKey(long)).toBeUndefined();
});
