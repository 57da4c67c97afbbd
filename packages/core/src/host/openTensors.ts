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
  if (startsWith(source, [0x80]))
    throw new FormatError("a Python pickle that torch.save did not write; it was not run");
  return openSafetensors(source);
}

/** What is often found under the name of a checkpoint. */
const lookalikes = [
  { start: "version https://git-lfs", complaint: "a Git LFS pointer, not the file itself; fetch it with git lfs pull" },
  { start: "<", complaint: "a page of HTML or XML, not a checkpoint; was it the answer to a download?" },
];
