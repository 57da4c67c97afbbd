import { homedir, hostname, userInfo } from "node:os";
import { describe, expect, it } from "vitest";
import { environment, environmentRows } from "./environment";

describe("environment", () => {
  const env = environment(["zod", "fast-png", "no-such-package"]);

  it("says what a result may depend on", () => {
    expect(env.node).toBe(process.versions.node);
    expect(env.cores).toBeGreaterThan(0);
    expect(env.packages).toMatchObject({ zod: expect.stringMatching(/^4\./), "no-such-package": null });
    // Hides its package.json behind `exports`.
    expect(env.packages["fast-png"]).toMatch(/^8\./);
    expect(env.commit ?? "0".repeat(40)).toMatch(/^[0-9a-f]{40}(-dirty)?$/);
  });

  it("makes a table for people", () => {
    expect(environmentRows({ ...env, memoryBytes: 2 ** 34 })).toMatchObject({
      Memory: "16.0 GiB",
      "no-such-package": "not installed",
    });
  });

  it("gives nobody away", () => {
    const text = JSON.stringify(env);
    for (const secret of [process.cwd(), homedir(), hostname()]) expect(text).not.toContain(secret);
    expect(Object.values(env)).not.toContain(userInfo().username);
  });
});
