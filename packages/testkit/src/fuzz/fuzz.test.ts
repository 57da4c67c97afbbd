import { resourceUsage } from "node:process";
import { expect, test } from "vitest";
import { formats } from "./formats";
import { fuzz } from "./fuzz";

test.each(Object.entries(formats))("300 damaged copies: %s", async (_, format) => {
  const before = resourceUsage().maxRSS;
  const { read, refused, wrong, slowestSeconds } = await fuzz(format, 300);
  expect(wrong.slice(0, 3)).toEqual([]);
  expect(read + refused).toBe(300);
  expect(refused).toBeGreaterThan(0);
  expect(slowestSeconds).toBeLessThan(2);
  expect((resourceUsage().maxRSS - before) / 2 ** 20).toBeLessThan(1); // GB, of kilobytes
});
