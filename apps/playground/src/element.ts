/** The element of index.html with this id. */
export function element<E extends Element = HTMLElement>(id: string): E {
  return document.getElementById(id) as unknown as E;
}

/** What an input for numbers holds. @throws Error when it is empty or out of bounds, which is shown beside the field too */
export function numberIn(id: string): number {
  const input = element<HTMLInputElement>(id);
  if (!input.reportValidity()) throw new Error(`${input.labels![0]!.textContent.trim()}: ${input.validationMessage}`);
  return input.valueAsNumber;
}
