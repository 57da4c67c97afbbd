import { FormatError } from "../../ir/errors";
import { Attributes, type PickleState, pop } from "./state";

type Operation = (state: PickleState) => void;

const text = new TextDecoder("utf-8", { fatal: true });

/** What each operation of a pickle does, by its code. Those of protocols 0 and 1 that no later one writes are left out. */
export const operations: Readonly<Record<number, Operation>> = {
  128: ({ cursor }) => void cursor.byte(), // PROTO
  149: ({ cursor }) => void cursor.take(8), // FRAME

  // Plain values
  78: push(() => null), // NONE
  136: push(() => true), // NEWTRUE
  137: push(() => false), // NEWFALSE
  75: push(({ cursor }) => cursor.byte()), // BININT1
  77: push((state) => uint(state, 2)), // BININT2
  74: push((state) => uint(state, 4) | 0), // BININT
  138: push((state) => long(state.cursor.take(state.cursor.byte()))), // LONG1
  71: push(({ cursor }) => view(cursor.take(8)).getFloat64(0)), // BINFLOAT, the one big-endian field
  140: push((state) => utf8(state, 1)), // SHORT_BINUNICODE
  88: push((state) => utf8(state, 4)), // BINUNICODE
  141: push((state) => utf8(state, 8)), // BINUNICODE8
  85: push((state) => utf8(state, 1)), // SHORT_BINSTRING
  84: push((state) => utf8(state, 4)), // BINSTRING
  67: push((state) => state.cursor.take(uint(state, 1)).slice()), // SHORT_BINBYTES
  66: push((state) => state.cursor.take(uint(state, 4)).slice()), // BINBYTES

  // Collections
  41: push(() => []), // EMPTY_TUPLE
  93: push(() => []), // EMPTY_LIST
  125: push(() => new Map()), // EMPTY_DICT
  143: push(() => new Set()), // EMPTY_SET
  133: push((state) => popSome(state, 1)), // TUPLE1
  134: push((state) => popSome(state, 2)), // TUPLE2
  135: push((state) => popSome(state, 3)), // TUPLE3
  116: push(popMark), // TUPLE
  108: push(popMark), // LIST
  100: push((state) => setItems(new Map(), popMark(state))), // DICT
  145: push((state) => new Set(popMark(state))), // FROZENSET
  97: (state) => append(state, popSome(state, 1)), // APPEND
  101: (state) => append(state, popMark(state)), // APPENDS
  115: (state) => extend(state, popSome(state, 2)), // SETITEM
  117: (state) => extend(state, popMark(state)), // SETITEMS
  144: (state) => addItems(state, popMark(state)), // ADDITEMS

  // The stack and the memo
  40: (state) => {
    state.marks.push(state.stack);
    state.stack = [];
  }, // MARK
  48: (state) => void pop(state), // POP
  49: (state) => void popMark(state), // POP_MARK
  50: (state) => state.stack.push(top(state)), // DUP
  104: push((state) => recall(state, uint(state, 1))), // BINGET
  106: push((state) => recall(state, uint(state, 4))), // LONG_BINGET
  113: (state) => void state.memo.set(uint(state, 1), top(state)), // BINPUT
  114: (state) => void state.memo.set(uint(state, 4), top(state)), // LONG_BINPUT
  148: (state) => void state.memo.set(state.memo.size, top(state)), // MEMOIZE

  // What Python would import, call and construct
  99: push((state) => globalOf(state, line(state), line(state))), // GLOBAL
  147: push((state) => globalOf(state, ...(popSome(state, 2) as [unknown, unknown]))), // STACK_GLOBAL
  81: push((state) => state.rules.persistent(pop(state))), // BINPERSID
  82: push(call), // REDUCE
  129: push(call), // NEWOBJ
  98: build, // BUILD
};

function push(make: (state: PickleState) => unknown): Operation {
  return (state) => {
    const value = make(state);
    state.stack.push(value);
  };
}

function uint({ cursor }: PickleState, bytes: 1 | 2 | 4 | 8): number {
  return cursor.take(bytes).reduceRight((value, byte) => value * 256 + byte, 0);
}

/** A little-endian integer in two's complement. */
function long(bytes: Uint8Array): number | bigint {
  const unsigned = bytes.reduceRight((value, byte) => value * 256n + BigInt(byte), 0n);
  const value = BigInt.asIntN(8 * bytes.length, unsigned);
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function utf8(state: PickleState, lengthBytes: 1 | 4 | 8): string {
  return decode(state.cursor.take(uint(state, lengthBytes)));
}

function line({ cursor }: PickleState): string {
  const bytes: number[] = [];
  for (let byte = cursor.byte(); byte !== 0x0a; byte = cursor.byte()) {
    if (bytes.length === 1000) throw new FormatError("pickle: the name of a global is over 1000 bytes long");
    bytes.push(byte);
  }
  return decode(Uint8Array.from(bytes));
}

function decode(bytes: Uint8Array): string {
  try {
    return text.decode(bytes);
  } catch (cause) {
    throw new FormatError("pickle: a text is not valid UTF-8", { cause });
  }
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function top({ stack }: PickleState): unknown {
  if (stack.length === 0) throw new FormatError("pickle: an empty stack is read");
  return stack[stack.length - 1];
}

function popSome(state: PickleState, count: number): unknown[] {
  if (state.stack.length < count) throw new FormatError(`pickle: ${count} values are taken, the stack has fewer`);
  return state.stack.splice(-count);
}

/** The values above the last mark, which goes with them. */
function popMark(state: PickleState): unknown[] {
  const below = state.marks.pop();
  if (below === undefined) throw new FormatError("pickle: there is no mark");
  const above = state.stack;
  state.stack = below;
  return above;
}

function recall({ memo }: PickleState, index: number): unknown {
  if (!memo.has(index)) throw new FormatError(`pickle: value ${index} is recalled and was never noted`);
  return memo.get(index);
}

function append(state: PickleState, items: readonly unknown[]): void {
  const list = top(state);
  if (!Array.isArray(list)) throw new FormatError("pickle: items are appended to what is no list");
  for (const item of items) list.push(item);
}

function extend(state: PickleState, items: readonly unknown[]): void {
  const dictionary = top(state);
  if (!(dictionary instanceof Map)) throw new FormatError("pickle: items are set in what is no dictionary");
  setItems(dictionary, items);
}

function setItems(dictionary: Map<unknown, unknown>, items: readonly unknown[]): Map<unknown, unknown> {
  if (items.length % 2 !== 0) throw new FormatError("pickle: a key has no value");
  for (let i = 0; i < items.length; i += 2) dictionary.set(items[i], items[i + 1]);
  return dictionary;
}

function addItems(state: PickleState, items: readonly unknown[]): void {
  const set = top(state);
  if (!(set instanceof Set)) throw new FormatError("pickle: items are added to what is no set");
  for (const item of items) set.add(item);
}

function globalOf({ rules }: PickleState, module: unknown, name: unknown): unknown {
  const key = `${module}.${name}`;
  if (rules.globals.has(key)) return rules.globals.get(key);
  throw new FormatError(
    `pickle: it names ${JSON.stringify(key)}, and a checkpoint may hold tensors, dictionaries and plain values alone. Nothing was run; do not load this file in Python if you do not trust it`,
  );
}

/** Hands arguments to a function of the rules. Whatever else stands where a function should is refused. */
function call(state: PickleState): unknown {
  const [make, args] = popSome(state, 2);
  if (typeof make !== "function" || !Array.isArray(args))
    throw new FormatError("pickle: what is called is no function");
  return make(...args);
}

/** Attributes are kept where they are the data, and dropped where they decorate it, as those of a state dict do. */
function build(state: PickleState): void {
  const attributes = pop(state);
  const target = top(state);
  if (target instanceof Attributes && attributes instanceof Map) {
    for (const [name, value] of attributes) target.values.set(name, value);
  } else if (!(target instanceof Map)) {
    throw new FormatError("pickle: attributes are given to what has none");
  }
}
