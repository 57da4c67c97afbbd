import { FormatError } from "../../ir/errors";
import { Attributes } from "../pickle/state";
import { TorchTensor } from "./torchTensor";

/** A value may be in a pickle once and in a dictionary a million times, or inside of itself. */
const [maxValues, maxDepth] = [200_000, 32];

/** The leaves of nested dictionaries and lists by dotted names: tensors, and plain values as text. */
export function flattenState(root: unknown): {
  tensors: ReadonlyMap<string, TorchTensor>;
  metadata: Readonly<Record<string, string>>;
} {
  const tensors = new Map<string, TorchTensor>();
  const metadata = new Map<string, string>();
  let count = 0;
  const add = <T>(leaves: Map<string, T>, name: string, leaf: T): void => {
    if (leaves.has(name)) throw new FormatError(`torch: the name ${JSON.stringify(name)} stands twice`);
    leaves.set(name, leaf);
  };
  const visit = (value: unknown, path: readonly string[]): void => {
    if (++count > maxValues || path.length > maxDepth) {
      throw new FormatError(`torch: over ${maxValues} values, or over ${maxDepth} dictionaries in one another`);
    }
    // A tensor that was saved by itself has no name.
    const name = path.join(".") || "tensor";
    if (value instanceof TorchTensor) add(tensors, name, value);
    else if (value instanceof Attributes) visit(value.values, path);
    else if (value instanceof Map) for (const [key, item] of value) visit(item, [...path, keyText(key)]);
    else if (Array.isArray(value)) for (const [i, item] of value.entries()) visit(item, [...path, String(i)]);
    else if (typeof value === "string") add(metadata, name, value);
    else if (isPlain(value)) add(metadata, name, String(value));
  };
  visit(root, []);
  return { tensors, metadata: Object.fromEntries(metadata) };
}

function keyText(key: unknown): string {
  if (typeof key === "string" || isPlain(key)) return String(key);
  throw new FormatError("torch: a dictionary has keys that are neither texts nor numbers");
}

function isPlain(value: unknown): value is null | boolean | number | bigint {
  return value === null || ["boolean", "number", "bigint"].includes(typeof value);
}
