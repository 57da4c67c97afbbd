import type { Shape } from "../ir/shape";
import type { SafetensorsDType } from "./safetensorsHeader";

/**
 * A tensor as it lies in a file: `bytes` is its little-endian data, row-major; a view of a file in memory, or read from the
 * disk each time it is asked for. The dtype is spelled as in safetensors, whatever the file's format.
 */
export interface FileTensor {
  readonly name: string;
  readonly dtype: SafetensorsDType;
  readonly shape: Shape;
  readonly bytes: Uint8Array;
}

/** An open file of tensors, of any format. They are read and converted only when asked for. */
export interface TensorFile {
  /** What else the file says: texts by name. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, FileTensor>;
}
