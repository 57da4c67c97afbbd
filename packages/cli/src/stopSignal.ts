import { InterruptedError } from "./output/exit";

/** An AbortSignal that the first SIGINT or SIGTERM sets off, so that a run can save itself; the second one quits at once. */
export function stopSignal(onFirst: () => void) {
  const controller = new AbortController();
  let received: "SIGINT" | "SIGTERM" | undefined;
  const handlers = (["SIGINT", "SIGTERM"] as const).map((name) => {
    const handler = () => {
      if (received !== undefined) process.exit(name === "SIGINT" ? 130 : 143);
      received = name;
      onFirst();
      controller.abort();
    };
    process.on(name, handler);
    return () => process.off(name, handler);
  });
  return {
    signal: controller.signal,
    /** @throws InterruptedError when a signal came */
    throwIfReceived: (message: string) => {
      if (received !== undefined) throw new InterruptedError(received, message);
    },
    dispose: () => {
      for (const remove of handlers) remove();
    },
  };
}
