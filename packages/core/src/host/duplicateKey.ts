/**
 * The first key that stands twice in one object of `json`, or undefined. `json` must be valid: JSON.parse has accepted
 * it, silently keeping the last of equal keys.
 */
export function duplicateKey(json: string): string | undefined {
  const openObjects: Set<string>[] = [];
  let lastString = "";
  for (let i = 0; i < json.length; i++) {
    const character = json[i];
    if (character === '"') {
      const end = endOfString(json, i);
      lastString = json.slice(i, end + 1);
      i = end;
    } else if (character === "{") {
      openObjects.push(new Set());
    } else if (character === "}") {
      openObjects.pop();
    } else if (character === ":") {
      // Decoded, because "a" and "\u0061" are the same key.
      const key = JSON.parse(lastString) as string;
      const keys = openObjects[openObjects.length - 1]!;
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
  return undefined;
}

/**
 * Index of the quote that closes the string opened at `start`. A regular expression would overflow on long metadata.
 */
function endOfString(json: string, start: number): number {
  let i = start + 1;
  while (json[i] !== '"') i += json[i] === "\\" ? 2 : 1;
  return i;
}
