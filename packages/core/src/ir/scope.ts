let current = "";

/** The model path in which nodes are being made now. */
export function currentScope(): string {
  return current;
}

/**
 * Runs `build` with `path` as the model path of every node it makes. Tracing is synchronous, so this needs no more than
 * one variable, and nothing of it outlives the call.
 */
export function inScope<T>(path: string, build: () => T): T {
  const outer = current;
  current = path;
  try {
    return build();
  } finally {
    current = outer;
  }
}

/** Runs `build` in the part `name` of the current model path. */
export function inPart<T>(name: string, build: () => T): T {
  return inScope(current === "" ? name : `${current}.${name}`, build);
}
