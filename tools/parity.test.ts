import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));

test.each([
  ["reference", "the reference runs on no device: leave --device out"],
  ["ort", 'there is no onnxruntime provider "abacus" here'],
])("a device that %s does not have is an error", (backend, message) => {
  const args = ["packages/testkit/fixtures", "--backend", backend, "--device", "abacus", "--only", "dit-embeddings"];
  const { status, stderr } = spawnSync(process.execPath, ["--import", "tsx", "tools/parity.ts", ...args], {
    cwd: root,
    encoding: "utf8",
  });
  expect(stderr).toContain(message);
  expect(status).not.toBe(0);
});
