import { FormatError } from "../../ir/errors";
import type { ByteSource } from "../byteSource";
import type { FileTensor, TensorFile } from "../tensorFile";
import { flattenState } from "./flattenState";
import { isTorchLegacy, readTorchLegacy } from "./torchLegacy";
import { fileTensor } from "./torchTensor";
import { isTorchZip, readTorchZip } from "./torchZip";

/** What a container holds: the object that was saved, as data, and where the bytes of each storage begin. */
export interface TorchContainer {
  readonly value: unknown;
  /** @throws FormatError when the storage is not there or has another size */
  startOf(key: string): number;
}

/** Whether a file begins like one of `torch.save`, of either container. */
export function isTorch(source: ByteSource): boolean {
  return isTorchZip(source) || isTorchLegacy(source);
}

/**
 * Opens a file that `torch.save` wrote, `.pt`, `.pth` or `.bin`, in the container of today (zip) or the older one. The
 * pickle in it is read as data and nothing in it is run; tensors are fetched one by one when their bytes are asked for.
 * Dictionaries and lists in one another become dotted names: `ema.pos_embed`, `opt.state.1.exp_avg`. Numbers and texts
 * among them, such as `args.model`, are the metadata.
 * @throws FormatError for a damaged file, or one that holds what no checkpoint does
 */
export function readTorch(source: ByteSource): TensorFile {
  const { value, startOf } = isTorchZip(source) ? readTorchZip(source) : readTorchLegacy(source);
  const { tensors, metadata } = flattenState(value);
  if (tensors.size === 0) throw new FormatError("torch: the file holds no tensor");
  const entries = [...tensors].map(([name, view]): [string, FileTensor] => [
    name,
    fileTensor(name, view, source, startOf(view.storage.key)),
  ]);
  return { metadata, tensors: new Map(entries) };
}
