import { ConfigError } from "@dit/core";
import { describe, expect, it } from "vitest";
import { openDataset } from "./openDataset";

describe("openDataset", () => {
  it("opens digits", async () => {
    expect((await openDataset("digits:test")).size).toBe(10_000);
    expect((await openDataset("digits:test", { imageSize: 28 })).size).toBe(10_000);
  });

  it.each([
    ["digit", 'did you mean "digits"'],
    ["foldr:x", 'did you mean "folder:DIR"'],
    ["imagenet", 'allowed: "digits", "digits:test" or "folder:DIR"'],
    ["digits:dev", 'allowed: "digits" or "digits:test"'],
    ["folder:", 'write "folder:DIR"'],
    ["folder:somewhere", "imageSize is not set"],
  ])("explains %s", async (source, message) => {
    await expect(openDataset(source)).rejects.toThrow(ConfigError);
    await expect(openDataset(source)).rejects.toThrow(message);
  });

  it("keeps digits at their size", async () => {
    await expect(openDataset("digits", { imageSize: 32 })).rejects.toThrow("digits are 28 x 28");
  });

  it("takes Windows paths after the first colon", async () => {
    await expect(openDataset("folder:C:\\nowhere", { imageSize: 8 })).rejects.toThrow(
      "C:\\nowhere: there is no such folder",
    );
  });
});
