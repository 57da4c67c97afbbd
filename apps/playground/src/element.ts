/** The element of index.html with this id. */
export function element<E extends Element = HTMLElement>(id: string): E {
  return document.getElementById(id) as unknown as E;
}

/** What an input for numbers holds. */
export function numberIn(id: string): number {
  return element<HTMLInputElement>(id).valueAsNumber;
}
