/** Runs tasks one after the other, in the order in which they were given. */
export class Queue {
  private last: Promise<unknown> = Promise.resolve();

  /** The result of `task`, which begins when all before it have ended, well or badly. */
  add<T>(task: () => Promise<T>): Promise<T> {
    const result = this.last.then(task, task);
    this.last = result.catch(() => {});
    return result;
  }
}
