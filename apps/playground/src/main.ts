import { backends } from "./backends";
import { drawingPanel } from "./drawing";
import { element } from "./element";
import { trainingPanel } from "./training";

const menu = element<HTMLSelectElement>("backend");
const asked = new URLSearchParams(location.search).get("backend");
// Where none of them is asked for, a menu shows its first.
menu.append(...Object.keys(backends).map((name) => new Option(name, name, false, name === asked)));
drawingPanel();
trainingPanel();
