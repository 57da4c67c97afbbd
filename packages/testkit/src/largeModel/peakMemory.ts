import { readFileSync } from "node:fs";

/**
 * The most that this process ever held in memory, in bytes. From /proc where there is one: elsewhere, and through
 * getrusage on Linux too, a new process begins with the peak of the one that started it.
 */
export function peakMemory(): number {
  if (process.platform !== "linux") return 1024 * process.resourceUsage().maxRSS;
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))![1];
  return 1024 * Number(kilobytes);
}
