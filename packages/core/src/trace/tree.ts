import { DitError } from "../ir/errors";

// A tree is nested objects and arrays; a leaf's path joins the keys with dots: `blocks.3.attn.qkv.weight`.

/** The same nesting as `T`, whose leaves are of type `From`, with each leaf replaced by `To`. */
export type MapLeaves<T, From, To> = T extends From ? To : { readonly [K in keyof T]: MapLeaves<T[K], From, To> };

/** Tells leaves from branches. */
export type IsLeaf<L> = (value: unknown) => value is L;

/** The leaves by path, in the order in which they are written. */
export function flatten<L>(tree: unknown, isLeaf: IsLeaf<L>, path = ""): Record<string, L> {
  if (isLeaf(tree)) return { [path]: tree };
  if (typeof tree !== "object" || tree === null)
    throw new DitError(`${path === "" ? "the tree" : path} is neither leaf nor branch`);
  const leaves: Record<string, L> = {};
  for (const [key, child] of Object.entries(tree)) Object.assign(leaves, flatten(child, isLeaf, join(path, key)));
  return leaves;
}

/** A tree of the same nesting, with `change(leaf, path)` at each leaf. */
export function mapTree<T, L, To>(
  tree: T,
  isLeaf: IsLeaf<L>,
  change: (leaf: L, path: string) => To,
  path = "",
): MapLeaves<T, L, To> {
  if (isLeaf(tree)) return change(tree, path) as MapLeaves<T, L, To>;
  const entries = Object.entries(tree as object).map(
    ([key, child]) => [key, mapTree(child, isLeaf, change, join(path, key))] as const,
  );
  const mapped = Array.isArray(tree) ? entries.map(([, child]) => child) : Object.fromEntries(entries);
  return mapped as MapLeaves<T, L, To>;
}

function join(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}
