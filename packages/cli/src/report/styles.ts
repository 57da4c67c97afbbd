/** The report's style sheet. Colours are named by what they stand for; dark mode follows the system unless the reader chose. */
export const styles = `
:root { color-scheme: light; --page: #f6f6f3; --card: #ffffff; --ink: #191b1e; --soft: #5d636a; --faint: #8b9198; --line: #e5e5e0; --well: #f1f1ed; --raised: #ffffff;
  --train: #2f66d0; --validation: #d2691e; --gradient: #7a55c7; --rate: #12857c; --speed: #55801f; --bits: #b0417f; --good: #1d7f4e; --warn-ink: #7a4b00; --warn: #fff5dc; --warn-line: #efd9a0;
  --shadow: 0 1px 2px rgb(20 22 26 / .05), 0 8px 24px -16px rgb(20 22 26 / .18); }
@media (prefers-color-scheme: dark) { :root:not([data-theme="light"]) { color-scheme: dark; --page: #0f1113; --card: #17191c; --ink: #e9eaec; --soft: #a3a9b0; --faint: #767d85; --line: #282c31; --well: #1e2125; --raised: #353a41;
  --train: #7da6ff; --validation: #f2a165; --gradient: #b79bf5; --rate: #5cc7bb; --speed: #a3cc6b; --bits: #ec8fc0; --good: #6fcf9b; --warn-ink: #f0cf8a; --warn: #2a2212; --warn-line: #4d3f1d; --shadow: none; } }
:root[data-theme="dark"] { color-scheme: dark; --page: #0f1113; --card: #17191c; --ink: #e9eaec; --soft: #a3a9b0; --faint: #767d85; --line: #282c31; --well: #1e2125; --raised: #353a41;
  --train: #7da6ff; --validation: #f2a165; --gradient: #b79bf5; --rate: #5cc7bb; --speed: #a3cc6b; --bits: #ec8fc0; --good: #6fcf9b; --warn-ink: #f0cf8a; --warn: #2a2212; --warn-line: #4d3f1d; --shadow: none; }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 Inter, ui-sans-serif, system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
main { max-width: 1160px; margin: 0 auto; padding: 44px 28px 72px; }
h1, h2, h3, p, figure, dl, dd { margin: 0; }
h1 { font-size: 34px; line-height: 1.15; font-weight: 650; letter-spacing: -.022em; overflow-wrap: anywhere; }
h2 { font-size: 19px; font-weight: 620; letter-spacing: -.012em; }
h3 { font-size: 14px; font-weight: 600; }
code, pre, .mono { font-family: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 12.5px; }
button, input { font: inherit; color: inherit; }
:focus-visible { outline: 2px solid var(--train); outline-offset: 2px; border-radius: 6px; }
header { display: flex; justify-content: space-between; align-items: flex-start; gap: 24px; margin-bottom: 28px; }
.eyebrow { color: var(--faint); font-size: 13px; margin-bottom: 6px; }
.lead { color: var(--soft); margin-top: 8px; }
section { margin-top: 48px; }
.heading { display: flex; align-items: baseline; justify-content: space-between; gap: 16px; flex-wrap: wrap; margin-bottom: 14px; }
.heading p, .hint { color: var(--faint); font-size: 13px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; box-shadow: var(--shadow); }
.quiet { border: 1px solid var(--line); background: var(--card); border-radius: 8px; padding: 5px 12px; font-size: 13px; color: var(--soft); cursor: pointer; white-space: nowrap; }
.quiet:hover { color: var(--ink); border-color: var(--faint); }

.notes { margin: 0 0 20px; padding: 12px 16px 12px 34px; border-radius: 10px; background: var(--warn); border: 1px solid var(--warn-line); color: var(--warn-ink); font-size: 14px; }

.hero { display: grid; gap: 20px; }
.hero.beside { grid-template-columns: minmax(0, 5fr) minmax(0, 6fr); align-items: stretch; }
.final { padding: 16px; display: flex; flex-direction: column; gap: 12px; }
.final .frame { flex: 1; display: flex; align-items: center; justify-content: center; }
.final img { display: block; width: 100%; max-height: 620px; height: auto; object-fit: contain; border-radius: 6px; }
.final figcaption { color: var(--soft); font-size: 13px; }
img.pixels { image-rendering: pixelated; }
.tiles { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 1px; overflow: hidden; background: var(--line); align-content: stretch; }
.beside .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); }
.tile { background: var(--card); padding: 18px 20px; display: flex; flex-direction: column; justify-content: center; min-width: 0; }
.tile dt { color: var(--soft); font-size: 13px; }
.tile .value { font-size: 25px; line-height: 1.25; font-weight: 620; letter-spacing: -.018em; font-variant-numeric: tabular-nums; margin-top: 3px; overflow-wrap: anywhere; }
.tile .value.long { font-size: 18px; line-height: 1.4; }
.beside .tile { padding: 18px 26px; } .beside .tile .value { font-size: 28px; } .beside .tile .value.long { font-size: 19px; }
.tile .detail { color: var(--faint); font-size: 13px; margin-top: 3px; overflow-wrap: anywhere; }
.tile .value.validation { color: var(--validation); } .tile .value.train { color: var(--train); }

.chart { padding: 16px 20px 14px; position: relative; }
.chart figcaption { display: flex; align-items: center; flex-wrap: wrap; gap: 6px 18px; margin-bottom: 14px; min-height: 26px; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 16px; color: var(--soft); font-size: 13px; }
.key::before { content: ""; display: inline-block; width: 16px; height: 0; border-top: 2px solid; margin-right: 7px; vertical-align: 4px; border-radius: 2px; }
.key.faint::before { opacity: .35; } .key.dots::before { width: 8px; height: 8px; border: 0; border-radius: 50%; background: currentColor; vertical-align: 0; }
.key.train::before { color: var(--train); } .key.validation::before { color: var(--validation); }
.switch { margin-left: auto; display: inline-flex; background: var(--well); border-radius: 8px; padding: 2px; font-size: 13px; }
.switch label { cursor: pointer; } .switch input { position: absolute; opacity: 0; }
.switch span { display: block; padding: 2px 12px; border-radius: 6px; color: var(--soft); }
.switch input:checked + span { background: var(--raised); color: var(--ink); box-shadow: 0 1px 2px rgb(0 0 0 / .12); }
.switch input:focus-visible + span { outline: 2px solid var(--train); }
.chart:has(input[value="linear"]:checked) .view.log, .chart:has(input[value="log"]:checked) .view.linear { display: none; }
.view { padding: 0 6px 24px 46px; }
.plot { position: relative; height: 320px; cursor: crosshair; touch-action: pan-y; }
.small .plot { height: 132px; } .small figcaption { margin-bottom: 12px; justify-content: space-between; flex-wrap: nowrap; }
.now { font-size: 14px; font-weight: 600; font-variant-numeric: tabular-nums; white-space: nowrap; }
.plot svg { position: absolute; inset: 0; width: 100%; height: 100%; overflow: visible; clip-path: inset(-5px -7px); }
.plot path { fill: none; vector-effect: non-scaling-stroke; stroke: currentColor; stroke-linejoin: round; }
path.grid { color: var(--line); stroke-width: 1; shape-rendering: crispEdges; }
path.line { stroke-width: 2; } path.faint { stroke-width: 1; opacity: .32; } path.dots { stroke-width: 7; stroke-linecap: round; } path.join { stroke-width: 1.25; opacity: .45; }
path.train, .point.train, .now.train { color: var(--train); } path.validation, .point.validation, .now.validation { color: var(--validation); } path.gradient, .point.gradient, .now.gradient { color: var(--gradient); } path.rate, .point.rate, .now.rate { color: var(--rate); } path.speed, .point.speed, .now.speed { color: var(--speed); } path.bits, .point.bits, .now.bits { color: var(--bits); }
.plot .x, .plot .y { position: absolute; color: var(--faint); font-size: 12px; line-height: 1; font-variant-numeric: tabular-nums; white-space: nowrap; pointer-events: none; }
.plot .y { right: calc(100% + 9px); transform: translateY(-50%); } .plot .x { top: calc(100% + 9px); transform: translateX(-50%); }
.small-charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(250px, 1fr)); gap: 16px; margin-top: 16px; }
.cursor { position: absolute; top: 0; bottom: 0; width: 1px; background: var(--faint); opacity: .7; pointer-events: none; }
.point { position: absolute; width: 9px; height: 9px; margin: -4.5px 0 0 -4.5px; border-radius: 50%; border: 2px solid var(--card); background: currentColor; pointer-events: none; }
.readout { position: absolute; top: 6px; background: var(--card); border: 1px solid var(--line); border-radius: 8px; box-shadow: 0 4px 16px -6px rgb(0 0 0 / .3); padding: 7px 11px; font-size: 12.5px; line-height: 1.5; white-space: nowrap; pointer-events: none; z-index: 2; font-variant-numeric: tabular-nums; }
.readout b { font-weight: 600; display: block; } .readout i { font-style: normal; color: var(--soft); margin-right: 14px; } .readout div { display: flex; justify-content: space-between; }

.samples { padding: 18px 20px 20px; display: grid; gap: 18px; }
.viewer { display: grid; grid-template-columns: minmax(0, 1fr) 240px; gap: 26px; align-items: center; }
.viewer img { display: block; width: 100%; height: auto; max-height: 520px; object-fit: contain; border-radius: 6px; }
.viewer .where { font-size: 25px; font-weight: 620; letter-spacing: -.018em; font-variant-numeric: tabular-nums; }
.viewer .caption { color: var(--soft); font-size: 14px; min-height: 3em; margin: 4px 0 16px; overflow-wrap: anywhere; }
.viewer input[type=range] { width: 100%; accent-color: var(--train); margin: 0 0 14px; }
.strip { display: flex; gap: 12px; overflow-x: auto; padding: 3px 3px 6px; }
.strip button { flex: 0 0 auto; width: 116px; padding: 0; border: 0; background: none; text-align: left; cursor: pointer; font-size: 12px; color: var(--faint); font-variant-numeric: tabular-nums; }
.strip .thumb { display: flex; align-items: center; justify-content: center; height: 92px; background: var(--well); border-radius: 7px; overflow: hidden; margin-bottom: 5px; outline: 1px solid transparent; }
.strip img { max-width: 100%; max-height: 100%; display: block; }
.strip button:hover { color: var(--ink); } .strip button[aria-current="true"] { color: var(--ink); font-weight: 600; } .strip button[aria-current="true"] .thumb { outline: 2px solid var(--train); outline-offset: 1px; }

.columns { columns: 3 300px; column-gap: 16px; }
.group { break-inside: avoid; padding: 14px 18px 10px; margin-bottom: 16px; }
.group h3 { margin-bottom: 6px; }
.row { display: flex; gap: 12px; align-items: baseline; justify-content: space-between; padding: 4px 0; border-top: 1px solid var(--line); font-size: 13px; }
.row:first-of-type { border-top: 0; }
.row .name { color: var(--soft); flex: 0 0 auto; max-width: 55%; overflow-wrap: anywhere; } .row .given { text-align: right; min-width: 0; overflow-wrap: anywhere; }
.row .source { display: block; color: var(--faint); font-size: 11.5px; line-height: 1.35; } .row .none { color: var(--faint); } .row.set .given > .mono { font-weight: 600; } .row.set .source { color: var(--train); }
.filter { display: inline-flex; gap: 7px; align-items: center; cursor: pointer; font-size: 13px; color: var(--soft); } .filter input { accent-color: var(--train); margin: 0; }
.settings:has(.filter input:checked) .row:not(.set), .settings:has(.filter input:checked) .group:not(:has(.row.set)) { display: none; }

table { border-collapse: collapse; width: 100%; font-size: 13.5px; font-variant-numeric: tabular-nums; } .scroll { overflow-x: auto; }
th { text-align: left; font-weight: 500; color: var(--faint); font-size: 12.5px; } td, th { padding: 8px 20px; border-top: 1px solid var(--line); white-space: nowrap; } tr:first-child th { border-top: 0; }
.badge { display: inline-block; font-size: 12px; color: var(--good); border: 1px solid currentColor; border-radius: 99px; padding: 0 8px; margin-left: 8px; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); gap: 16px; }
.command { padding: 13px 20px 15px; border-top: 1px solid var(--line); } .command:first-child { border-top: 0; }
.command .top { display: flex; justify-content: space-between; align-items: center; margin-bottom: 7px; } .command pre { margin: 0; padding: 10px 14px; background: var(--well); border-radius: 8px; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
.empty { padding: 40px 20px; text-align: center; color: var(--soft); }
footer { margin-top: 56px; color: var(--faint); font-size: 13px; }
@media (max-width: 820px) { main { padding: 28px 16px 48px; } .hero.beside, .viewer { grid-template-columns: minmax(0, 1fr); } .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); } .plot { height: 240px; } h1 { font-size: 27px; } .tile { padding: 14px 16px; } .viewer { gap: 14px; } .viewer .caption { min-height: 0; } }
@media print { body { background: none; } .card { box-shadow: none; break-inside: avoid; } .quiet, .switch, .filter, input[type=range] { display: none; } }
`;
