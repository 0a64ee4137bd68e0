"""How the page looks: on a phone and a desk, in light and dark, and on paper."""

_LIGHT = """
  --page: #fbfaf7; --surface: #ffffff; --ink: #1b1f24; --muted: #59606a; --rule: #dedad2; --track: #ece9e2;
  --accent: #0b5c8a; --right: #1a6b3a; --wrong: #b3261e; --caution: #6b4700; --caution-page: #fff3d6;
  --line-1: #0068a8; --line-2: #c24a06; --line-3: #007a65; --line-4: #95458a;
  --line-5: #806500; --line-6: #4d5560;
"""

_DARK = """
  --page: #13161a; --surface: #1a1e23; --ink: #e9e7e2; --muted: #a8aeb7; --rule: #363c44; --track: #2b3037;
  --accent: #84c4f0; --right: #74d294; --wrong: #ff9d91; --caution: #f5d78c; --caution-page: #33290f;
  --line-1: #5fb4f2; --line-2: #ff9c55; --line-3: #43d0b0; --line-4: #e39dd6;
  --line-5: #dfc241; --line-6: #bcc3cc;
"""

_PAGE = """
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--ink); overflow-wrap: break-word;
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
  font-variant-numeric: tabular-nums lining-nums; }
body > * { max-width: 70rem; margin-inline: auto; padding-inline: clamp(1rem, 4vw, 2.5rem); }
h1, h2 { font-family: Charter, "Iowan Old Style", "Palatino Linotype", Palatino, "Noto Serif",
  "Liberation Serif", serif; font-weight: 600; line-height: 1.2; letter-spacing: -.01em; text-wrap: balance; }
h1 { margin: 0; font-size: clamp(1.75rem, 1.3rem + 2vw, 2.6rem); }
h2 { margin: 0 0 .4rem; font-size: 1.5rem; }
h3 { margin: 0; font-size: 1rem; font-weight: 600; line-height: 1.35; }
p { margin: 0; max-width: 44rem; }
a { color: var(--accent); text-underline-offset: .2em; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
header { padding-block: clamp(2rem, 6vw, 4rem) 1.5rem; }
.lede { margin-top: .6rem; color: var(--muted); font-size: 1.1rem; text-wrap: balance; }
nav ul { display: flex; flex-wrap: wrap; gap: .15rem 1.4rem; margin: 0; padding: .7rem 0; list-style: none;
  border-block: 1px solid var(--rule); font-size: .92rem; }
nav a { display: inline-block; padding-block: .2rem; text-decoration: none; }
nav a:hover { text-decoration: underline; }
section { margin-top: clamp(2.5rem, 6vw, 4rem); }
section > * + * { margin-top: 1.6rem; }
section > .lead { margin-top: 0; color: var(--muted); }
footer { padding-block: 4rem 2.5rem; color: var(--muted); font-size: .85rem; }
.quiet { color: var(--muted); font-size: .85rem; font-weight: 400; }
.note { padding: .8rem 1rem; border-left: 3px solid var(--accent); background: var(--surface); }
.warning { border-color: currentColor; background: var(--caution-page); color: var(--caution); }
"""

_FIGURES = """
.headlines { margin: 2rem 0 0; padding: 0; list-style: none; }
.headlines li { display: grid; grid-template-columns: minmax(9rem, 13rem) 9.5rem 1fr 10.5rem;
  column-gap: 1.5rem;
  align-items: center; padding-block: .9rem; border-bottom: 1px solid var(--rule); }
.headlines .name { font-weight: 600; overflow-wrap: anywhere; }
.headlines .quiet { display: block; }
.headlines .value { font-size: 2.4rem; font-weight: 600; line-height: 1.1; letter-spacing: -.02em;
  white-space: nowrap; }
.headlines .ends { font-size: 1.15rem; white-space: nowrap; }
.headlines .bar { width: 100%; height: 1.5rem; }
.headlines .scale { padding-block: .3rem 0; border: 0; color: var(--muted); font-size: .85rem; }
.scale > span { display: flex; grid-column: 3; justify-content: space-between; }
.bar { display: block; width: 7rem; height: .7rem; }
.bar .track { fill: var(--track); }
.bar .between { fill: var(--line-1); fill-opacity: .4; }
.bar .quarter { stroke: var(--page); stroke-width: 1; vector-effect: non-scaling-stroke; }
.bar .middle { stroke: var(--line-1); stroke-width: 3; vector-effect: non-scaling-stroke; }
"""

_BLOCKS = """
.scroll { max-width: 100%; overflow-x: auto; }
table { border-collapse: collapse; font-size: .95rem; }
caption { padding-bottom: .6rem; text-align: left; font-weight: 600; }
caption > span { display: inline-block; position: sticky; left: 0; max-width: calc(100vw - 2rem); }
caption .quiet { display: block; }
th, td { padding: .5rem 1.6rem .5rem 0; min-width: 4rem; text-align: left; vertical-align: top; }
th:last-child, td:last-child { padding-right: .2rem; }
thead th { border-bottom: 2px solid var(--ink); font-size: .85rem; vertical-align: bottom; }
tbody th, tbody td { border-bottom: 1px solid var(--rule); }
tbody th { min-width: 8.5rem; font-weight: 500; }
td, tbody th { max-width: 26rem; overflow-wrap: anywhere; }
.number { max-width: none; text-align: right; white-space: nowrap; }
.interval { display: inline-grid; justify-items: end; row-gap: .2rem; }
.interval b { font-weight: 600; }
.alone .interval { grid-template-columns: max-content max-content; align-items: center; column-gap: 1rem; }
.alone .interval:has(.bar) { grid-template-columns: clamp(7rem, 22vw, 16rem) max-content max-content; }
.alone .interval .bar { order: -1; width: 100%; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 25rem), 1fr));
  gap: 2.5rem; }
figure { margin: 0; min-width: 0; }
.charts figure { max-width: 40rem; }
.chart { display: block; width: 100%; height: auto; margin-top: .5rem; overflow: visible; }
.chart text { fill: var(--ink); font-size: 11.5px; }
.chart .tick { fill: var(--muted); }
.chart .grid { stroke: var(--rule); fill: none; }
.chart .axis { stroke: var(--muted); fill: none; }
.chart .line { fill: none; stroke-width: 2.2; stroke-linecap: round; stroke-linejoin: round; }
.chart .band { fill-opacity: .18; }
details { margin-top: .6rem; font-size: .9rem; }
summary { cursor: pointer; color: var(--accent); }
details .scroll { margin-top: .8rem; }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(30%, 9.5rem), 1fr)); gap: 1rem;
  margin: .8rem 0 0; padding: 0; list-style: none; }
.pictures img, .pictures .absent { display: block; width: 100%; aspect-ratio: 4 / 3; object-fit: contain;
  border: 3px solid var(--rule); border-radius: 3px; background: var(--track); }
.pictures .absent { display: grid; place-items: center; color: var(--muted); font-size: .8rem;
  text-align: center; }
.pictures figcaption { margin-top: .35rem; font-size: .82rem; line-height: 1.35; overflow-wrap: anywhere; }
.pictures .mark { display: block; font-weight: 600; }
.query .mark { color: var(--accent); }
.query img, .query .absent { border-color: var(--accent); }
.right .mark { color: var(--right); }
.right img, .right .absent { border-color: var(--right); }
.wrong .mark { color: var(--wrong); }
.wrong img, .wrong .absent { border-color: var(--wrong); border-style: dashed; }
dl { display: grid; grid-template-columns: minmax(8rem, 14rem) 1fr; margin-bottom: 0; font-size: .95rem; }
dt, dd { margin: 0; padding: .45rem 1rem .45rem 0; border-bottom: 1px solid var(--rule);
  overflow-wrap: anywhere; }
dt { color: var(--muted); }
"""

_PHONE = """
  .headlines li { grid-template-columns: 1fr auto; row-gap: .35rem; }
  .headlines .value { grid-area: 1 / 2; text-align: right; }
  .headlines .bar { grid-column: 1 / -1; order: 1; }
  .headlines .range { display: flex; grid-column: 1 / -1; justify-content: space-between;
    align-items: baseline; order: 2; }
  .scale > span { grid-column: 1 / -1; }
  .chart text { font-size: 14px; }
  .alone .interval, .alone .interval:has(.bar) { grid-template-columns: auto; }
  .alone .interval .bar { order: 0; width: 7rem; }
  th, td { padding-right: 1.1rem; }
  .pictures { gap: .7rem; }
  dl { grid-template-columns: 1fr; }
  dt { padding-bottom: 0; border: 0; }
  dd { padding-top: 0; }
"""

_PAPER = """
  @page { margin: 16mm; }
  :root { --page: #ffffff; }
  html { font-size: 8.5pt; }
  body > * { max-width: none; padding-inline: 0; }
  nav, details { display: none; }
  .scroll { overflow: visible; }
  .charts { grid-template-columns: 1fr 1fr; }
  th, td { min-width: 0; padding-right: .9rem; }
  .alone .interval .bar { width: 6rem; }
  .pictures { grid-template-columns: repeat(6, 1fr); gap: .6rem; }
  section { margin-top: 2rem; }
  h2, h3, .lead, caption { break-after: avoid; }
  tr, figure, .headlines li, .row { break-inside: avoid; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
"""

STYLE_SHEET = (
    f":root {{ color-scheme: light dark;{_LIGHT}}}\n"
    f"@media screen and (prefers-color-scheme: dark) {{ :root {{{_DARK}}} }}\n"
    f"{_PAGE}{_FIGURES}{_BLOCKS}"
    f"@media (max-width: 44rem) {{{_PHONE}}}\n"
    f"@media print {{{_PAPER}}}\n"
)
