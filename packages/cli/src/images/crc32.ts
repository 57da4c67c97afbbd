/** The checksum of PNG, zip and Ethernet (CRC-32). Node 20.19 has it as `zlib.crc32`, but not the other polynomial. */
export const crc32 = crc(0xedb88320);

/** The checksum of TensorBoard's records (CRC-32C, Castagnoli). */
export const crc32c = crc(0x82f63b78);

function crc(polynomial: number): (bytes: Uint8Array) => number {
  const table = Uint32Array.from({ length: 256 }, (_, byte) => {
    let c = byte;
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ polynomial : c >>> 1;
    return c;
  });
  return (bytes) => {
    let c = 0xffffffff;
    for (const byte of bytes) c = table[(c ^ byte) & 255]! ^ (c >>> 8);
    return ~c >>> 0;
  };
}
