import { type NpyArray, writeNpy } from "./npy";
import { writeZip } from "./zip";

/**
 * A .npz file that numpy.load reads: each array as `<name>.npy` in an uncompressed zip archive, in the order given.
 * @throws DitError when data does not fit its shape, or the file would reach 4 GB.
 */
export function writeNpz(arrays: Readonly<Record<string, NpyArray>>): Uint8Array {
  return writeZip(Object.entries(arrays).map(([name, array]) => ({ name: `${name}.npy`, bytes: writeNpy(array) })));
}
