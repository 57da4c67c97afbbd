import type { Backend } from "@dit/core";
import { backends } from "./backends";
import { element } from "./element";

/** What a job can do while it runs. */
export interface Running {
  readonly backend: Backend;
  /** Says that the user wants it to stop. */
  readonly signal: AbortSignal;
  say(text: string): void;
  progress(done: number, all: number): void;
}

/** Where on the page a job is started and stopped, and reports. */
export interface Place {
  readonly button: string;
  readonly bar: string;
  readonly status: string;
}

/**
 * Runs `work` on the chosen backend at each press of a button, which stops it meanwhile; other jobs wait. What `work` returns
 * is said at the end, what it throws instead.
 */
export function job(place: Place, work: (running: Running) => Promise<string>): void {
  const button = element<HTMLButtonElement>(place.button);
  const bar = element<HTMLProgressElement>(place.bar);
  const status = element<HTMLOutputElement>(place.status);
  const title = button.textContent;
  const say = (text: string) => {
    status.textContent = text;
  };
  let stop: AbortController | undefined;

  async function start(): Promise<void> {
    stop = new AbortController();
    const { signal } = stop;
    setOthers(button, true);
    button.textContent = "Stop";
    status.classList.remove("error");
    bar.removeAttribute("value");
    say("starting");
    try {
      const backend = await backends[element<HTMLSelectElement>("backend").value]!();
      try {
        const progress = (done: number, all: number) => Object.assign(bar, { value: done, max: all });
        say(await work({ backend, signal, say, progress }));
      } finally {
        await backend.dispose();
      }
    } catch (error) {
      const wasStopped = error === signal.reason;
      status.classList.toggle("error", !wasStopped);
      say(wasStopped ? "stopped" : (error as Error).message);
    } finally {
      stop = undefined;
      if (bar.position < 0) bar.value = 0;
      button.textContent = title;
      setOthers(button, false);
    }
  }

  button.addEventListener("click", () => {
    if (stop === undefined) void start();
    else stop.abort();
  });
}

function setOthers(button: HTMLButtonElement, isWaiting: boolean): void {
  for (const other of document.querySelectorAll<HTMLButtonElement>("button")) {
    if (other !== button) other.disabled = isWaiting;
  }
}
