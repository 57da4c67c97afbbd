import { describe, expect, it } from "vitest";
import { findSetting, settings, trainConfigJsonSchema } from "./settings";

describe("settings", () => {
  it("all say what they are for", () => {
    expect(settings.filter((setting) => setting.description === "").map((setting) => setting.path)).toEqual([]);
  });

  it("have environment names of their own", () => {
    expect(new Set(settings.map((setting) => setting.env)).size).toBe(settings.length);
    expect(findSetting("train.learningRate")?.env).toBe("DIT_TRAIN_LEARNING_RATE");
    expect(findSetting("learnSigma")?.env).toBe("DIT_LEARN_SIGMA");
  });

  it("reach into every kind of backend and model", () => {
    const paths = settings.map((setting) => setting.path);
    expect(paths).toEqual(
      expect.arrayContaining(["backend.kind", "backend.threads", "model", "model.depth", "train.betas"]),
    );
    expect(paths).not.toContain("backend");
    expect(findSetting("backend.kind")?.allowed).toBe('"ort", "tfjs" or "reference"');
  });

  it("come as a JSON Schema that editors understand", () => {
    expect(trainConfigJsonSchema).toMatchObject({ type: "object", additionalProperties: false });
  });
});
