import { DitError } from "@dit/core";

/**
 * What onnxruntime said when it failed, as an error that leads back to the definition: our nodes carry the model path in
 * their names, and it puts the name into its text.
 * @param doing `failed in` or `refused`
 * @param graph the graph's name
 */
export function runtimeError(doing: string, graph: string, cause: unknown): DitError {
  const text = textOf(cause);
  const node = /running (\S+) node\. Name:'([^']*)' Status Message: (.*)/s.exec(text);
  const path = node === null ? "" : modelPath(node[2]!);
  const where = path === "" ? graph : `${graph}, ${path}`;
  const what = node === null ? text : `${node[1]}: ${withoutName(node[3]!, node[2]!)}`;
  const advice = remedies.find(([pattern]) => pattern.test(text))?.[1];
  return new DitError(`onnxruntime ${doing} ${where}: ${what}${advice === undefined ? "" : ` (${advice})`}`, { cause });
}

/** What to do about failures that say nothing of their cause. */
const remedies: readonly (readonly [RegExp, string])[] = [
  [
    /allocate memory|bad_alloc|out of memory|OOM|Array buffer allocation/i,
    "there is not enough memory: take a smaller batch, or train with checkpoint",
  ],
  [/^error number \d+$/, "most often memory: take a smaller batch; WebAssembly ends at 4 GB"],
  [
    /fallback to CPU EP has been explicitly disabled/,
    "the provider lacks a kernel, and nothing falls back in silence: take the provider cpu (wasm in a browser)",
  ],
];

/** WebAssembly throws the address of its exception where it was built without texts. */
function textOf(cause: unknown): string {
  if (typeof cause === "number") return `error number ${cause}`;
  const text = cause instanceof Error ? cause.message : String(cause);
  // A failed check begins with its place in onnxruntime's sources.
  return text
    .replace(/\s*\n\s*/g, " ")
    .replace(/^\S*\/onnxruntime\/core\/.* was false\. /, "")
    .trim();
}

/** `blocks.3.attn` of `blocks.3.attn/Gather_7`. */
function modelPath(nodeName: string): string {
  return nodeName.includes("/") ? nodeName.slice(0, nodeName.lastIndexOf("/")) : "";
}

/** Some kernels repeat the node's name. */
function withoutName(message: string, name: string): string {
  return message.startsWith(`${name}: `) ? message.slice(name.length + 2) : message;
}
