import { element } from "./element";

/** One box to tick for each class; those that were ticked before stay so. */
export function showClasses(count: number): void {
  const before = new Set(chosenClasses());
  const boxes = Array.from({ length: count }, (_, label) => {
    const box = document.createElement("label");
    const input = Object.assign(document.createElement("input"), { type: "checkbox", value: String(label) });
    input.checked = before.size === 0 ? count <= 10 || label === 0 : before.has(label);
    box.append(input, String(label));
    return box;
  });
  element("classes").replaceChildren(...boxes);
}

export function chosenClasses(): number[] {
  return [...element("classes").querySelectorAll<HTMLInputElement>("input:checked")].map(({ value }) => Number(value));
}
