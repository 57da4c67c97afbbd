import { FormatError } from "../ir/errors";
import { type ByteSource, startsWith } from "./byteSource";
import { openSafetensors } from "./safetensors";
import type { TensorFile } from "./tensorFile";
import { isTorch, readTorch } from "./torch/readTorch";

/**
 * Opens a file of tensors by what it begins with, whatever its name: PyTorch's `.pt` (both containers) or safetensors.
 * Only its directory is read; a tensor is fetched when its bytes are asked for.
 * @throws FormatError when it is damaged or neither of these
 */
export function openTensors(source: ByteSource): TensorFile {
  if (isTorch(source)) return readTorch(source);
  const known = lookalikes.find(({ start }) => startsWith(source, [...new TextEncoder().encode(start)]));
  if (known !== undefined) throw new FormatError(known.complaint);
  if (isPickle(source)) throw new FormatError("a Python pickle that torch.save did not write; it was not run");
  return openSafetensors(source);
}

/** A safetensors file may begin with the same byte: the length of its header, whose upper half is 0. */
function isPickle(source: ByteSource): boolean {
  return (
    startsWith(source, [0x80]) &&
    !source
      .read(0, Math.min(8, source.size))
      .subarray(4)
      .every((byte) => byte === 0)
  );
}

/** What is often found under the name of a checkpoint. */
const lookalikes = [
  { start: "version https://git-lfs", complaint: "a Git LFS pointer, not the file itself; fetch it with git lfs pull" },
  ...["<!DOCTYPE", "<!doctype", "<html", "<?xml"].map((start) => ({
    start,
    complaint: "a page of HTML or XML, not a checkpoint; was it the answer to a download?",
  })),
];
