import { FormatError } from "../../ir/errors";
import { sameShape } from "../../ir/shape";
import { concatBytes } from "../concatBytes";
import type { FileTensor } from "../tensorFile";
import { diffusersNames } from "./diffusersDiT";

type Tensors = ReadonlyMap<string, FileTensor>;

/**
 * A DiT in diffusers' layout under official names. Queries, keys and values are joined when the bytes are asked for.
 * @throws FormatError when a tensor is missing, unknown or of another kind than its fellows, or the blocks' copies of an
 * embedder differ, as they do after fine-tuning in diffusers: the official network has one for all
 */
export function fromDiffusers(tensors: Tensors, depth: number): Tensors {
  const layout = diffusersNames(depth).filter(({ names }) => names.some((name) => tensors.has(name)));
  const known = new Set(layout.flatMap(({ names }) => names));
  const unknown = [...tensors.keys()].find((name) => !known.has(name));
  if (unknown !== undefined) throw new FormatError(`the file has a tensor ${unknown} that a DiT of diffusers does not`);
  return new Map(
    layout.map(({ official, kind, names }) => {
      const pieces = names.map((name) => requireTensor(tensors, name));
      for (const piece of pieces) requireAlike(pieces[0]!, piece);
      if (kind === "copies") for (const copy of pieces.slice(1)) requireEqual(pieces[0]!, copy);
      return [official, kind === "copies" ? part(pieces[0]!, official, 0, 1) : joined(official, pieces)];
    }),
  );
}

function requireTensor(tensors: Tensors, name: string): FileTensor {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new FormatError(`tensor ${name} is missing`);
  return tensor;
}

function requireAlike(first: FileTensor, other: FileTensor): void {
  if (first.dtype === other.dtype && sameShape(first.shape, other.shape)) return;
  throw new FormatError(
    `${other.name} is ${other.dtype} [${other.shape}], but ${first.name} is ${first.dtype} [${first.shape}]`,
  );
}

function requireEqual(first: FileTensor, copy: FileTensor): void {
  const [expected, actual] = [first.bytes, copy.bytes];
  if (expected.every((byte, i) => byte === actual[i])) return;
  throw new FormatError(`${copy.name} differs from ${first.name}: the embedders of this network's blocks have parted`);
}

/** Tensors one below the other, [n * rows, ...]. */
function joined(name: string, pieces: readonly FileTensor[]): FileTensor {
  const [first] = pieces as [FileTensor, ...FileTensor[]];
  return {
    name,
    dtype: first.dtype,
    shape: [first.shape[0]! * pieces.length, ...first.shape.slice(1)],
    get bytes() {
      return concatBytes(pieces.map(({ bytes }) => bytes));
    },
  };
}

/** What `fromDiffusers` reads: official tensors in diffusers' layout, without the positional table. */
export function toDiffusers(tensors: Tensors, depth: number): Tensors {
  return new Map(
    diffusersNames(depth).flatMap(({ official, kind, names }) => {
      const tensor = tensors.get(official);
      if (tensor === undefined) return [];
      return names.map((name, i): [string, FileTensor] => [
        name,
        kind === "copies" ? part(tensor, name, 0, 1) : part(tensor, name, i, names.length),
      ]);
    }),
  );
}

/** The `index`-th of `count` equal shares of the rows. */
function part(tensor: FileTensor, name: string, index: number, count: number): FileTensor {
  const { dtype, shape } = tensor;
  return {
    name,
    dtype,
    shape: [shape[0]! / count, ...shape.slice(1)],
    get bytes() {
      const { bytes } = tensor;
      const length = bytes.length / count;
      return bytes.subarray(index * length, (index + 1) * length);
    },
  };
}
