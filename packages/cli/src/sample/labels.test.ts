import { diffusionDefaults, ditConfig } from "@dit/core";
import { describe, expect, test } from "vitest";
import { labelsOf } from "./labels";

const config = (numClasses: number, classNames?: readonly string[]) => ({
  dit: ditConfig("DiT-S/8", { numClasses }),
  diffusion: diffusionDefaults,
  ...(classNames === undefined ? {} : { classNames }),
});

describe("the names of a model without names", () => {
  test("are ImageNet's for a thousand classes: by any of a class's names, in any capitals, or by number", () => {
    expect(labelsOf(config(1000), ["golden retriever", "207", "white SHARK", "balloon"])).toEqual([207, 207, 2, 417]);
  });

  test("a name of two classes is refused with their numbers", () => {
    expect(() => labelsOf(config(1000), ["crane"])).toThrow(
      "several classes are named crane; give one by number: 134, 517",
    );
  });

  test("a misspelt one is guessed", () => {
    expect(() => labelsOf(config(1000), ["golden retreiver"])).toThrow("did you mean golden retriever?");
  });

  test("a class without a word is told as such, though some of the names are empty", () => {
    expect(() => labelsOf(config(1000), ["1", "", "2"])).toThrow("a class is empty");
  });

  test("there are none for another number of classes", () => {
    expect(labelsOf(config(10), ["3"])).toEqual([3]);
    expect(() => labelsOf(config(10), ["tench"])).toThrow("out of range");
  });
});

test("a model's own names go first", () => {
  expect(labelsOf(config(2, ["0", "1, one"]), ["one", "0"])).toEqual([1, 0]);
});
