import { backends } from "./backends";
import { drawingPanel } from "./drawing";
import { element } from "./element";
import { trainingPanel } from "./training";

const menu = element<HTMLSelectElement>("backend");
menu.append(...Object.keys(backends).map((name) => new Option(name)));
menu.value = new URLSearchParams(location.search).get("backend") ?? "ort wasm";
drawingPanel();
trainingPanel();
