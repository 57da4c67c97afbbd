/** A checksum as an unsigned integer. For data in pieces, pass the result for what came before as `previous`. */
export type Checksum = (bytes: Uint8Array, previous?: number) => number;

/** The checksum of zip, gzip and png (CRC-32). Source: ISO 3309, as in PKWARE APPNOTE 4.4.7. */
export const crc32: Checksum = checksum(0xedb88320);

/** The checksum of TensorBoard's records (CRC-32C, Castagnoli). Source: RFC 3720, appendix B.4. */
export const crc32c: Checksum = checksum(0x82f63b78);

/** @param polynomial with its bits reversed */
function checksum(polynomial: number): Checksum {
  const table = Uint32Array.from({ length: 256 }, (_, byte) => {
    let remainder = byte;
    for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >>> 1) ^ polynomial : remainder >>> 1;
    return remainder;
  });
  return (bytes, previous = 0) => {
    let crc = ~previous;
    for (let i = 0; i < bytes.length; i++) crc = table[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
    return ~crc >>> 0;
  };
}
