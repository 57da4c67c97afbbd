import { element } from "./element";

/** One box to tick for each class, or that there are none. All of a few are ticked at first; what was ticked before stays so. */
export function showClasses(count: number): void {
  const before = new Set(chosenClasses());
  const isFirst = element("classes").querySelector("input:not(:checked)") === null;
  const boxes = Array.from({ length: count }, (_, label) => {
    const box = document.createElement("label");
    const input = Object.assign(document.createElement("input"), { type: "checkbox", value: String(label) });
    input.checked = isFirst ? count <= 10 || label === 0 : before.has(label);
    box.append(input, String(label));
    return box;
  });
  element("classes").replaceChildren(...(count === 0 ? ["This model knows no classes."] : boxes));
}

export function chosenClasses(): number[] {
  return [...element("classes").querySelectorAll<HTMLInputElement>("input:checked")].map(({ value }) => Number(value));
}
