import { ConfigError } from "@dit/core";

/**
 * Parses JSON that may have // and /* comments and a comma after the last entry.
 * @throws ConfigError naming `file`, line and column.
 */
export function parseJsonWithComments(text: string, file: string): unknown {
  const plain = blankOut(text.replace(/^\uFEFF/, " "));
  try {
    return JSON.parse(plain);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const position = /at position (\d+)/.exec(message)?.[1];
    const at = position === undefined ? wrongToken(plain) : Number(position);
    const before = plain.slice(0, at).split("\n");
    const why = message.replace(/( in JSON)? at position.*$/s, "").replace(/, (\.\.\.)?".*$/s, "");
    throw new ConfigError(`${file}, line ${before.length}, column ${before.at(-1)!.length + 1}: ${why}`, { cause });
  }
}

/** Where a text goes wrong of which Node says no position: at the last character of the shortest beginning with the same fault. */
function wrongToken(text: string): number {
  let [least, most] = [0, text.length];
  while (least < most) {
    const middle = (least + most) >> 1;
    if (hasWrongToken(text.slice(0, middle + 1))) most = middle;
    else least = middle + 1;
  }
  return least;
}

function hasWrongToken(text: string): boolean {
  try {
    JSON.parse(text);
    return false;
  } catch (error) {
    return (error as Error).message.startsWith("Unexpected token");
  }
}

/** Replaces comments and surplus commas by spaces, so that positions in error messages stay true. */
function blankOut(text: string): string {
  // Strings first: what looks like a comment inside one is none.
  const tokens = /"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;
  const withoutComments = text.replace(tokens, (token) => (token.startsWith('"') ? token : spaces(token)));
  return withoutComments.replace(/"(?:[^"\\\n]|\\.)*"|(?<=[^[{,\s]\s*),(?=\s*[}\]])/g, (token) =>
    token === "," ? " " : token,
  );
}

function spaces(text: string): string {
  return text.replace(/[^\n]/g, " ");
}
