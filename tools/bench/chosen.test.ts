import { expect, test, vi } from "vitest";
import { chosen } from "./chosen";

test("a flag that names no choice ends the process, and says which there are", () => {
  const exit = vi.spyOn(process, "exit").mockImplementation((code) => {
    throw new Error(`exit ${code}`);
  });
  const error = vi.spyOn(console, "error").mockImplementation(() => {});
  const choices = { forward: 1, train: 2 };
  expect(chosen("only", "train", choices)).toBe(2);
  expect(exit).not.toHaveBeenCalled();
  for (const name of ["trian", "constructor"]) expect(() => chosen("only", name, choices)).toThrow("exit 2");
  expect(error).toHaveBeenCalledWith("--only trian: take one of forward, train");
  vi.restoreAllMocks();
});
