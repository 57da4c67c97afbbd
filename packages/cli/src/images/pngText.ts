import { DitError, FormatError } from "@dit/core";
import { concatBytes, crc32 } from "@dit/core/internal";

/** Text records of a PNG by keyword. */
export type PngText = Readonly<Record<string, string>>;

const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/**
 * `text` as PNG chunks: tEXt where Latin-1 can say it (every reader knows that one), else iTXt (UTF-8).
 * @throws DitError when a keyword is not a valid PNG keyword.
 */
export function textChunks(text: PngText): Uint8Array {
  return concatBytes(
    Object.entries(text).map(([keyword, value]) => {
      checkKeyword(keyword);
      // Printable Latin-1 and line feeds: what the specification allows in tEXt.
      return /^[\n\x20-\x7e\xa0-\xff]*$/.test(value)
        ? chunk("tEXt", concatBytes([latin1(`${keyword}\0`), latin1(value)]))
        : // The four zeros: no compression, its method, no language, no translated keyword.
          chunk("iTXt", concatBytes([latin1(`${keyword}\0\0\0\0\0`), new TextEncoder().encode(value)]));
    }),
  );
}

/** The tEXt and uncompressed iTXt records of a PNG, without decoding its pixels. @throws FormatError when a chunk is cut off. */
export function readText(png: Uint8Array, file: string): PngText {
  if (signature.some((byte, i) => png[i] !== byte))
    throw new FormatError(`broken PNG: ${file} (it does not begin like a PNG file)`);
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const text: Record<string, string> = {};
  for (let at = 8; at < png.length; ) {
    const length = at + 12 <= png.length ? view.getUint32(at) : Number.POSITIVE_INFINITY;
    if (at + 12 + length > png.length) throw new FormatError(`broken PNG: ${file} (it is cut off)`);
    const type = fromLatin1(png.subarray(at + 4, at + 8));
    const body = png.subarray(at + 8, at + 8 + length);
    const keywordEnd = body.indexOf(0);
    const keyword = fromLatin1(body.subarray(0, Math.max(0, keywordEnd)));
    if (type === "tEXt" && keywordEnd > 0) text[keyword] = fromLatin1(body.subarray(keywordEnd + 1));
    if (type === "iTXt" && keywordEnd > 0 && body[keywordEnd + 1] === 0) {
      const languageEnd = body.indexOf(0, keywordEnd + 3);
      const translationEnd = body.indexOf(0, languageEnd + 1);
      text[keyword] = new TextDecoder().decode(body.subarray(translationEnd + 1));
    }
    if (type === "IEND") break;
    at += 12 + length;
  }
  return text;
}

function checkKeyword(keyword: string): void {
  const printable = /^[\x20-\x7e\xa1-\xff]{1,79}$/.test(keyword);
  if (!printable || keyword !== keyword.trim() || keyword.includes("  ")) {
    throw new DitError(
      `PNG keyword "${keyword}" is not allowed: 1 to 79 printable Latin-1 characters, without leading, trailing or double spaces`,
    );
  }
}

function chunk(type: string, body: Uint8Array): Uint8Array {
  const out = new Uint8Array(body.length + 12);
  const view = new DataView(out.buffer);
  view.setUint32(0, body.length);
  out.set(latin1(type), 4);
  out.set(body, 8);
  view.setUint32(8 + body.length, crc32(out.subarray(4, 8 + body.length)));
  return out;
}

// TextDecoder("latin1") is really windows-1252: not used.
function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function fromLatin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
