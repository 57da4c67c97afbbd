import { describe, expect, it } from "vitest";
import { html, jsonScript, pngAddress, trusted } from "./html";

describe("html", () => {
  it("escapes what is inserted, in content and in attributes", () => {
    expect(html`<a title="${`"'<&>`}">${"<script>"}</a>`.markup).toBe(
      '<a title="&quot;&#39;&lt;&amp;&gt;">&lt;script&gt;</a>',
    );
  });

  it("keeps markup, joins lists, drops nothings", () => {
    const items = ["a", "<b>"].map((text) => html`<li>${text}</li>`);
    expect(html`<ul>${items}</ul>${false}${undefined}${null}${0}${trusted("<hr>")}`.markup).toBe(
      "<ul><li>a</li><li>&lt;b&gt;</li></ul>0<hr>",
    );
  });

  it("cannot be left through a JSON script", () => {
    const text = jsonScript({ a: "</script><!--" }).markup;
    expect(text).not.toContain("<");
    expect(JSON.parse(text)).toEqual({ a: "</script><!--" });
  });

  it("makes addresses of the bytes of a view only", () => {
    expect(pngAddress(Uint8Array.of(9, 1, 2, 3).subarray(1))).toBe("data:image/png;base64,AQID");
  });
});
