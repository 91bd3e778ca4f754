"""The interactive page of an inspection: one self-contained HTML file."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping, Sequence

import numpy as np

from common.insight.study import MOST_SHOWN, Study

PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Inside {title}</title>
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<style>
body {{ font: 15px/1.5 sans-serif; color: #222; max-width: 72em; margin: 2em auto; padding: 0 1em }}
table {{ border-collapse: collapse; margin: .8em 0 }} td, th {{ padding: .15em .7em; border-bottom: 1px solid #ddd;
 text-align: left; font-size: 13px }} img {{ max-width: 100% }} h2 {{ margin-top: 2em }}
#steps {{ line-height: 2.1 }} .step {{ padding: .25em .15em; border-radius: .2em; cursor: default; white-space: pre }}
.step.on {{ outline: 2px solid #222 }} #inside {{ position: sticky; top: 0; background: #fff; padding: .6em 0;
 border-bottom: 2px solid #ddd; z-index: 1 }} #now {{ display: grid; grid-template-columns: 1fr 1fr 1fr; gap: 1em;
 min-height: 9em }} canvas {{ width: 100%; height: 120px; image-rendering: pixelated }} label {{ margin-right: 1em }}
</style></head><body>
<h1>Inside {title}</h1>
<p>Answer: <b>{answer}</b></p>
<div id="inside">
<p>Hover over a step of the input. Its colour shows its effect on the answer: green supports it, red opposes it.
<label><input type="radio" name="measure" value="occlusion" checked>occlusion</label>
<label><input type="radio" name="measure" value="integrated">integrated gradients</label>
<label><input type="radio" name="measure" value="gradient">gradient</label>
<label><input type="radio" name="measure" value="untrained">occlusion, untrained network</label></p>
<div id="steps"></div>
<canvas id="state"></canvas>
<div id="now"></div>
</div>
{sections}
<script id="data" type="application/json">{data}</script>
<script>
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const steps = document.getElementById("steps"), now = document.getElementById("now");
const canvas = document.getElementById("state"), spans = [];
let chosen = 0;
function add(parent, kind, text) {{
  const made = document.createElement(kind); made.textContent = text; parent.appendChild(made); return made;
}}
function measure() {{ return document.querySelector("input[name=measure]:checked").value; }}
function paint() {{
  const rows = data.by_answer, own = measure() === "occlusion" && data.by_step;
  const effect = own ? rows[chosen] : data.effects[measure()];
  const largest = Math.max(...effect.map(Math.abs)) || 1;
  spans.forEach((span, i) => {{
    const strength = Math.abs(effect[i]) / largest, colour = effect[i] > 0 ? "0,158,115" : "213,94,0";
    span.style.background = `rgba(${{colour}},${{(0.85 * strength).toFixed(2)}})`;
    span.classList.toggle("on", i === chosen);
  }});
}}
function draw() {{
  const units = data.state.length ? data.state[0].length : 0;
  canvas.width = data.state.length; canvas.height = units;
  const context = canvas.getContext("2d");
  const largest = Math.max(...data.state.map(row => Math.max(...row.map(Math.abs)))) || 1;
  data.state.forEach((row, t) => row.forEach((value, unit) => {{
    const pale = Math.round(255 * (1 - Math.abs(value) / largest));
    context.fillStyle = value > 0 ? `rgb(255,${{pale}},${{pale}})` : `rgb(${{pale}},${{pale}},255)`;
    context.globalAlpha = t === chosen ? 1 : 0.45;
    context.fillRect(t, unit, 1, 1);
  }}));
}}
function column(title, rows) {{
  const part = add(now, "div", ""); add(part, "b", title);
  rows.forEach(row => add(part, "div", row));
}}
function show(step) {{
  chosen = step; paint(); draw(); now.textContent = "";
  const lines = [`step ${{step + 1}}: ${{JSON.stringify(data.names[step])}}`];
  if (data.by_step) lines.push(`answer: ${{data.answers[step]}}`);
  if (data.read[step] !== null) lines.push(`${{data.value_name}} after it: ${{data.read[step].toFixed(3)}}`);
  for (const [name, effect] of Object.entries(data.effects)) lines.push(`${{name}}: ${{effect[step].toPrecision(3)}}`);
  column("This step", lines);
  column("Largest units", data.strongest[step]);
  column("Nearest states in the test set", data.similar[step]);
  if (data.attention) column("Attention", data.attention[step]);
}}
data.names.forEach((name, i) => {{
  const span = add(steps, "span", name.replace("\\n", "⏎") + (data.characters ? "" : " "));
  span.className = "step"; span.addEventListener("mouseenter", () => show(i)); spans.push(span);
}});
document.querySelectorAll("input[name=measure]").forEach(one => one.addEventListener("change", paint));
if (spans.length) show(0);
</script></body></html>
"""


def page(
    title: str, answer: str, study: Study, sections: Sequence[tuple[str, list[str]]], pictures: Mapping[str, str]
) -> str:
    """The whole page.

    Args:
        answer: of the model, in one line.
        sections: heading and Markdown lines of each section.
        pictures: file name -> picture in base64.
    """
    body = "".join(f"<h2>{html.escape(name)}</h2>{_html(lines, pictures)}" for name, lines in sections)
    data = json.dumps(_data(study), ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
    return PAGE.format(title=html.escape(title), answer=html.escape(answer), sections=body, data=data)


def _data(study: Study) -> dict:
    count = min(len(study.names), MOST_SHOWN)
    read = dict(zip(study.reading.read.tolist(), study.reading.value.tolist()))
    effects = {
        "occlusion": study.effects.occlusion,
        "integrated": study.effects.integrated,
        "gradient": study.effects.gradient,
        "untrained": study.untrained.occlusion,
    }
    return {
        "names": study.names[:count],
        "characters": all(len(name) == 1 for name in study.names),
        "by_step": study.reading.by_step,
        "answers": study.answers[:count],
        "state": _numbers(study.state[:count]),
        "read": [read.get(step + 1) for step in range(count)],
        "value_name": study.value_name,
        "effects": {name: _numbers(effect[:count]) for name, effect in effects.items()},
        "by_answer": _numbers(study.effects.by_answer[:count, :count]),
        "strongest": [_strongest(row) for row in study.state[:count]],
        "similar": [[f"{text}  ({cosine:.3f})" for text, cosine in rows] for rows in study.similar[:count]],
        "attention": _attention(study, count),
    }


def _numbers(array: np.ndarray) -> list:
    return np.where(np.isfinite(array), np.round(array, 5), 0).tolist()


def _strongest(state: np.ndarray) -> list[str]:
    return [f"unit {unit}: {state[unit]:+.3f}" for unit in np.argsort(-np.abs(state))[:6]]


def _attention(study: Study, count: int) -> list[list[str]] | None:
    """For each step, the answers with the largest attention weights on it."""
    if study.attention is None:
        return None
    named = len(study.answers) == len(study.attention)
    labels = study.answers if named else [f"answer {number + 1}" for number in range(len(study.attention))]
    columns = study.attention.T[:count]
    return [[f"{labels[i]}: {column[i]:.3f}" for i in np.argsort(-column)[:6]] for column in columns]


def _html(lines: Sequence[str], pictures: Mapping[str, str]) -> str:
    """The HTML of an inspection's Markdown, which has paragraphs, tables and pictures."""
    parts, table = [], []
    for line in (*lines, ""):
        if line.startswith("|"):
            table.append([html.escape(cell.strip()).replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
            continue
        if table:
            head, _, *rows = table
            parts.append("<table><tr>" + "".join(f"<th>{cell}</th>" for cell in head) + "</tr>")
            parts += ["<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows]
            parts.append("</table>")
            table = []
        if picture := re.fullmatch(r"!\[(.*)\]\((.*)\)", line):
            parts.append(f'<img alt="{html.escape(picture[1])}" src="data:image/png;base64,{pictures[picture[2]]}">')
        elif line:
            parts.append(f"<p>{html.escape(line)}</p>")
    return "\n".join(parts)
