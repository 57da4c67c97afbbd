import { FormatError } from "../../ir/errors";
import { Attributes, type PickleRules } from "../pickle/state";
import type { SafetensorsDType } from "../safetensorsHeader";
import { storageDType, TorchStorage, torchTensor } from "./torchTensor";

/** The dtype that a storage class or a `torch.dtype` stands for; a function of none, so that it cannot be called. */
class NamedDType {
  constructor(readonly name: string) {}
}

/** Rebuilds a view. Gradients and hooks come after the strides, and are left alone. */
const rebuildTensor = (storage: unknown, offset: unknown, shape: unknown, strides: unknown) =>
  torchTensor(storage, offset, shape, strides);

/** The same for dtypes that are younger than storage classes: the storage is one of bytes. */
const rebuildTyped = (storage: unknown, offset: unknown, shape: unknown, strides: unknown, ...rest: unknown[]) =>
  torchTensor(storage, offset, shape, strides, dtypeOf(rest[2]));

const dictionary = (items: unknown = []) => {
  if (items instanceof Map) return new Map(items);
  if (Array.isArray(items) && items.every((item) => Array.isArray(item))) return new Map(items as [unknown, unknown][]);
  throw new FormatError("torch: a dictionary is made of what is neither pairs nor a dictionary");
};

const storageNames = {
  Float: "float32",
  Double: "float64",
  Half: "float16",
  BFloat16: "bfloat16",
  Long: "int64",
  Int: "int32",
  Short: "int16",
  Char: "int8",
  Byte: "uint8",
  Bool: "bool",
  ComplexFloat: "complex64",
  ComplexDouble: "complex128",
};

const dtypeNames = [
  ...Object.values(storageNames),
  ...["uint16", "uint32", "uint64", "float8_e5m2", "float8_e4m3fn", "float8_e8m0fnu"],
];

/** Everything that a checkpoint may name: what `torch.save` writes for state dicts, optimisers and settings. */
const globals: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["collections.OrderedDict", dictionary],
  ["torch._utils._rebuild_tensor", rebuildTensor],
  ["torch._utils._rebuild_tensor_v2", rebuildTensor],
  ["torch._utils._rebuild_tensor_v3", rebuildTyped],
  ["torch._utils._rebuild_parameter", (data: unknown) => data],
  ["torch._utils._rebuild_parameter_with_state", (data: unknown) => data],
  ["torch.Size", (sizes: unknown) => sizes],
  ["torch.device", (...name: unknown[]) => name.join(":")],
  ["argparse.Namespace", () => new Attributes()],
  ["builtins.set", (items: unknown = []) => new Set(Array.isArray(items) ? items : [])],
  ["__builtin__.set", (items: unknown = []) => new Set(Array.isArray(items) ? items : [])],
  ["torch.storage.UntypedStorage", new NamedDType("uint8")],
  ...Object.entries(storageNames).map(([name, dtype]) => [`torch.${name}Storage`, new NamedDType(dtype)] as const),
  ...dtypeNames.map((name) => [`torch.${name}`, new NamedDType(name)] as const),
]);

/**
 * How the pickles of `torch.save` are read. `storages` gets each storage that is named, by its key.
 * @throws FormatError for a storage that is named with two sizes
 */
export function torchRules(storages: Map<string, TorchStorage>): PickleRules {
  return {
    globals,
    persistent(id) {
      const [kind, type, key, , length, view] = Array.isArray(id) ? (id as unknown[]) : [];
      if (kind !== "storage" || typeof key !== "string" || !Number.isSafeInteger(length) || (length as number) < 0) {
        throw new FormatError("torch: an object outside of the pickle is no storage");
      }
      if (view !== undefined && view !== null) throw new FormatError("torch: a storage that is a part of another");
      const storage = new TorchStorage(key, dtypeOf(type), length as number);
      const known = storages.get(key);
      if (known !== undefined && known.bytes !== storage.bytes) {
        throw new FormatError(`torch: storage ${JSON.stringify(key)} is named with two sizes`);
      }
      storages.set(key, storage);
      return storage;
    },
  };
}

function dtypeOf(value: unknown): SafetensorsDType {
  if (value instanceof NamedDType) return storageDType(value.name);
  throw new FormatError("torch: what should be an element type is none");
}
