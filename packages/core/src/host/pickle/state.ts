import { FormatError } from "../../ir/errors";
import type { ByteCursor } from "../byteCursor";

/**
 * What a pickle may speak of beside plain data. A pickle names classes and functions, and Python would import and call
 * them; here a name is looked up in a table of our own, and a name that is not in it ends the reading.
 */
export interface PickleRules {
  /**
   * What stands for a global, by `module.name`: a function of ours that makes data of its arguments, or data. Nothing else
   * is ever called.
   */
  readonly globals: ReadonlyMap<string, unknown>;
  /** What stands for an object that lies outside of the pickle. */
  persistent(id: unknown): unknown;
}

/** An object of which only the attributes are known, such as Python's `argparse.Namespace`. */
export class Attributes {
  readonly values = new Map<unknown, unknown>();
}

/** Where a reading stands: the stack of values, the stacks put aside at marks, and the values noted for later. */
export interface PickleState {
  readonly cursor: ByteCursor;
  readonly rules: PickleRules;
  stack: unknown[];
  readonly marks: unknown[][];
  readonly memo: Map<number, unknown>;
}

/** Takes the value on top. */
export function pop({ stack }: PickleState): unknown {
  if (stack.length === 0) throw new FormatError("pickle: a value is taken from an empty stack");
  return stack.pop();
}
