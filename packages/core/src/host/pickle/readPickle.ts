import { FormatError } from "../../ir/errors";
import type { ByteCursor } from "../byteCursor";
import { operations } from "./operations";
import { type PickleRules, type PickleState, pop } from "./state";

/** One byte of a pickle can make an empty dictionary of 200 bytes: this bounds the memory. */
const maxOperations = 1_000_000;
const stop = 0x2e;

/**
 * Reads one pickle of protocol 2 to 5 as data: dictionaries become maps, lists and tuples arrays, sets sets, integers of
 * more than 53 bits bigints. The cursor is left behind it.
 * @throws FormatError for a damaged pickle, a global that `rules` does not have, or more than a million operations
 * Source: Python, Lib/pickletools.py.
 */
export function readPickle(cursor: ByteCursor, rules: PickleRules): unknown {
  const state: PickleState = { cursor, rules, stack: [], marks: [], memo: new Map() };
  for (let count = 0; count < maxOperations; count++) {
    const code = cursor.byte();
    if (code === stop) return pop(state);
    const operation = operations[code];
    if (operation === undefined) {
      throw new FormatError(
        `pickle: operation 0x${code.toString(16)} at byte ${cursor.position() - 1} is none that a checkpoint needs`,
      );
    }
    operation(state);
  }
  throw new FormatError(`pickle: more than ${maxOperations} operations; no checkpoint needs as many`);
}
