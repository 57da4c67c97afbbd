/**
 * The report's script: readouts under the pointer, the sample slider, copy buttons, the theme. Everything is there without it.
 * Plain text and not a compiled function, so that what a bundler does to our code cannot break it.
 */
export const script = `
"use strict";
(() => {
const data = JSON.parse(document.getElementById("data").textContent);
const byId = new Map(data.map((chart) => [chart.id, chart]));
const plots = [...document.querySelectorAll(".plot")].map((plot) => {
  const chart = byId.get(plot.closest("[data-chart]").dataset.chart);
  const now = plot.closest("[data-chart]").querySelector(".now");
  return { plot, chart, now, newest: now && now.textContent, scale: plot.closest("[data-scale]").dataset.scale, parts: [] };
});

// The point of a curve nearest to a step, by bisection.
function nearest(points, step) {
  let low = 0, high = points.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (points[middle][0] < step) low = middle; else high = middle;
  }
  return Math.abs(points[low][0] - step) <= Math.abs(points[high][0] - step) ? points[low] : points[high];
}
function share(value, range, scale) {
  const f = scale === "log" ? Math.log : (x) => x;
  return (f(value) - f(range[0])) / (f(range[1]) - f(range[0]));
}
function number(value, digits = 4) {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(2).replace("e+", "e");
  return size >= 1000 ? Math.round(value).toLocaleString("en-US") : String(Number(value.toPrecision(digits)));
}
function element(parent, tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  parent.append(made);
  return made;
}
function clear() {
  for (const entry of plots) {
    for (const part of entry.parts.splice(0)) part.remove();
    if (entry.now) entry.now.textContent = entry.newest;
  }
}
// One pointer moves the cursor of all charts: what did the gradient do when the loss jumped?
function show(step) {
  clear();
  for (const { plot, chart, now, scale, parts } of plots) {
    if (plot.offsetParent === null) continue;
    const lead = chart.series.find((series) => series.kind === "line") || chart.series[0];
    const at = nearest(lead.points, step)[0];
    const left = share(at, chart.steps, "linear") * 100;
    const cursor = element(plot, "div", "cursor");
    cursor.style.left = left + "%";
    parts.push(cursor);
    let readout;
    if (now) now.textContent = number(nearest(lead.points, at)[1], 3);
    else {
      readout = element(plot, "div", "readout");
      parts.push(readout);
      element(readout, "b", "", "step " + at.toLocaleString("en-US"));
      if (left > 55) readout.style.right = "calc(" + (100 - left) + "% + 12px)"; else readout.style.left = "calc(" + left + "% + 12px)";
    }
    for (const series of chart.series) {
      const point = nearest(series.points, at);
      if (readout) {
        const line = element(readout, "div", "");
        const apart = series.kind === "dots" && point[0] !== at;
        element(line, "i", "", apart ? series.name + " at " + point[0].toLocaleString("en-US") : series.name);
        element(line, "span", "", number(point[1]));
      }
      if (series.kind === "faint") continue;
      const down = 1 - share(point[1], chart.ranges[scale], scale);
      if (!(down >= 0 && down <= 1)) continue;
      const dot = element(plot, "div", "point " + series.colour);
      dot.style.left = share(point[0], chart.steps, "linear") * 100 + "%";
      dot.style.top = down * 100 + "%";
      parts.push(dot);
    }
  }
  current = step;
}
let current = 0;
for (const { plot, chart } of plots) {
  plot.addEventListener("pointermove", (event) => {
    const box = plot.getBoundingClientRect();
    const where = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    show(chart.steps[0] + where * (chart.steps[1] - chart.steps[0]));
  });
  plot.addEventListener("pointerleave", clear);
  plot.addEventListener("blur", clear);
  plot.addEventListener("keydown", (event) => {
    const direction = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!direction) return;
    event.preventDefault();
    const stride = (chart.steps[1] - chart.steps[0]) / 60;
    show(Math.min(chart.steps[1], Math.max(chart.steps[0], current + direction * stride)));
  });
}

const viewer = document.querySelector(".viewer");
if (viewer && viewer.querySelector(".play")) {
  const thumbs = [...document.querySelectorAll(".strip button")];
  const slider = viewer.querySelector("input");
  const play = viewer.querySelector(".play");
  let timer;
  const select = (index, scroll) => {
    thumbs.forEach((thumb, i) => thumb.setAttribute("aria-current", String(i === index)));
    const source = thumbs[index].querySelector("img");
    const image = viewer.querySelector("img");
    image.src = source.src;
    image.alt = source.alt;
    viewer.querySelector(".where").textContent = thumbs[index].dataset.where;
    viewer.querySelector(".caption").textContent = thumbs[index].dataset.caption;
    slider.value = String(index);
    if (scroll) strip.scrollTo({ left: thumbs[index].offsetLeft - strip.clientWidth / 2, behavior: "smooth" });
  };
  const strip = thumbs[0].parentElement;
  strip.scrollLeft = strip.scrollWidth;
  const stop = () => { clearInterval(timer); timer = undefined; play.textContent = "Play"; };
  slider.addEventListener("input", () => { stop(); select(Number(slider.value), true); });
  thumbs.forEach((thumb, i) => thumb.addEventListener("click", () => { stop(); select(i); }));
  play.addEventListener("click", () => {
    if (timer !== undefined) return stop();
    let index = Number(slider.value) === thumbs.length - 1 ? 0 : Number(slider.value);
    select(index, true);
    play.textContent = "Pause";
    timer = setInterval(() => { if (index >= thumbs.length - 1) return stop(); select(++index, true); }, 600);
  });
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const text = button.closest(".command").querySelector("code").textContent;
    try { await navigator.clipboard.writeText(text); button.textContent = "Copied"; }
    catch { getSelection().selectAllChildren(button.closest(".command").querySelector("code")); button.textContent = "Selected"; }
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
}

document.querySelector("[data-theme-switch]").addEventListener("click", () => {
  const dark = document.documentElement.dataset.theme ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "light" : "dark";
});
})();
`;
