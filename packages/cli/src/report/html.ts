/** Markup that is safe to insert as it is. Only `html` and `trusted` make it. */
export class Html {
  constructor(readonly markup: string) {}
  toString(): string {
    return this.markup;
  }
}

/** What a template may hold: text and numbers are escaped, markup is not, lists are joined, nothing is nothing. */
export type Fragment = Html | string | number | false | undefined | null | readonly Fragment[];

/** Builds markup; whatever is inserted is escaped, unless it is markup itself. Safe in element content and in quoted attributes. */
export function html(strings: TemplateStringsArray, ...values: readonly Fragment[]): Html {
  let markup = strings[0]!;
  for (const [i, value] of values.entries()) markup += render(value) + strings[i + 1]!;
  return new Html(markup);
}

/** Takes `markup` at its word: for our own styles, scripts and paths, never for text from outside. */
export function trusted(markup: string): Html {
  return new Html(markup);
}

/** `value` as JSON inside a script element, where `</script` in a text must not end it. */
export function jsonScript(value: unknown): Html {
  return new Html(JSON.stringify(value).replaceAll("<", "\\u003c"));
}

/** A PNG as a `data:` address, so that the page asks nobody for it. */
export function pngAddress(png: Uint8Array): string {
  return `data:image/png;base64,${Buffer.from(png.buffer, png.byteOffset, png.byteLength).toString("base64")}`;
}

function render(value: Fragment): string {
  if (value === undefined || value === null || value === false) return "";
  if (value instanceof Html) return value.markup;
  if (typeof value === "object") return value.map(render).join("");
  return escapeHtml(String(value));
}

function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}
