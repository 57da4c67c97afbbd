import type { Tensor } from "@dit/core";
import { broadcastShapes, sameShape } from "@dit/core/internal";

/** What a device can put into one kernel. */
export interface Fuser {
  canFuse(node: Tensor): boolean;
  /** Whether a kernel has this value in its text, and so need not read it. */
  isLiteral(node: Tensor): boolean;
  /** How many tensors a kernel can read. */
  readonly mostReads: number;
}

/**
 * The nodes of `order` in groups: elementwise ones together with what reads them, all others alone. The last node of a group
 * is what comes out of it; the ones before are seen by nodes of the group only, so that nothing is computed twice. Sums of
 * sums stay apart: the compiler of a graphics processor may add in another order, which sums that cancel a rounding error do
 * not bear.
 * @param order nodes, each after its inputs, as the groups are
 * @param outputs what must come out in any case
 */
export function fuse(order: readonly Tensor[], outputs: readonly Tensor[], fuser: Fuser): Tensor[][] {
  const place = new Map(order.map((node, i) => [node, i]));
  const readers = new Map<Tensor, Tensor[]>(order.map((node) => [node, []]));
  for (const node of order) for (const x of new Set(node.inputs)) readers.get(x)?.push(node);
  for (const output of outputs) readers.delete(output);

  const taken = new Set<Tensor>();
  const groups: Tensor[][] = [];
  for (const root of [...order].reverse()) {
    if (taken.has(root)) continue;
    const group = new Set([root]);
    const seen = new Set(fuser.canFuse(root) ? root.inputs : []);
    // The latest first: when a node's turn comes, all that may read it have had theirs.
    for (let x = latest(seen, place); x !== undefined; x = latest(seen, place)) {
      seen.delete(x);
      const isHidden = readers.get(x)?.every((reader) => group.has(reader)) === true;
      if (!isHidden || !fuser.canFuse(x) || !isBroadcastTo(x, root) || isSumOfSums(x, readers.get(x)!)) continue;
      if (readsOf([...group, x], fuser).length > fuser.mostReads) continue;
      group.add(x);
      for (const input of x.inputs) seen.add(input);
    }
    for (const node of group) taken.add(node);
    groups.push([...group].sort((a, b) => place.get(a)! - place.get(b)!));
  }
  return groups.reverse();
}

/** What a group reads that none of its nodes makes. */
export function readsOf(group: readonly Tensor[], { isLiteral }: Pick<Fuser, "isLiteral">): Tensor[] {
  const made = new Set(group);
  return [...new Set(group.flatMap(({ inputs }) => inputs))].filter((x) => !made.has(x) && !isLiteral(x));
}

function latest(nodes: Iterable<Tensor>, place: ReadonlyMap<Tensor, number>): Tensor | undefined {
  let found: Tensor | undefined;
  for (const node of nodes) if ((place.get(node) ?? -1) > (found === undefined ? -1 : place.get(found)!)) found = node;
  return found;
}

function isBroadcastTo(x: Tensor, root: Tensor): boolean {
  const shape = broadcastShapes(x.shape, root.shape);
  return shape !== undefined && sameShape(shape, root.shape);
}

function isSumOfSums(x: Tensor, readers: readonly Tensor[]): boolean {
  const isSum = ({ op }: Tensor) => op === "add" || op === "sub";
  return isSum(x) && readers.some(isSum);
}
