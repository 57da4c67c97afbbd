// Makes a fresh clone ready: installs what is missing and builds what has changed. Node and npm are all it needs.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const installed = join(root, "node_modules", ".package-lock.json");
const workspaces = ["packages", "apps"].map((name) => join(root, name));
const manifests = [root, ...workspaces.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))]
  .map((folder) => join(folder, "package.json"))
  .filter(existsSync);
const changed = Math.max(...manifests.map((file) => statSync(file).mtimeMs));

function run(command, args) {
  const { status } = spawnSync(command, args, {
    cwd: root,
    stdio: "inherit",
    shell: process.platform === "win32",
    env: {
      ...process.env,
      // npm before 11.16 does not know `allowScripts`: without this, onnxruntime-node's install script would try to
      // download CUDA libraries and fail where there is no internet.
      ONNXRUNTIME_NODE_INSTALL: "skip",
      TURBO_TELEMETRY_DISABLED: "1",
    },
  });
  if (status !== 0) process.exit(status ?? 1);
}

if (!existsSync(installed) || statSync(installed).mtimeMs < changed) {
  // Not `npm ci`: it refuses a lock file that lacks the optional packages of platforms other than this one.
  run("npm", ["install", "--no-audit", "--no-fund"]);
}
run("npx", ["turbo", "run", "build", "--output-logs=errors-only"]);
