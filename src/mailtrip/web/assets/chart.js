// The chart of a monitor, drawn anew with zoom: drag over a part of it, double-click for all; a click leads to the run.
import uPlot from "uplot";
import { axisTimes, writtenTime } from "./scripts/times.js";

const HEIGHT = 280;
const box = document.querySelector("[data-series]");
const dark = matchMedia("(prefers-color-scheme: dark)");

function colourOf(name) {
  const probe = document.createElement("span");
  probe.className = `swatch ${name}`;
  box.append(probe);
  const colour = getComputedStyle(probe).backgroundColor;
  probe.remove();
  return colour;
}

function written(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 0.0095) return `${(seconds * 1000).toFixed(1)} ms`;
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 99.995) return `${seconds.toFixed(2)} s`;
  if (seconds < 6000) return `${(seconds / 60).toFixed(1)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

// A time without a run is a gap: a step goes on until the next value.
function withGaps(series) {
  const found = { at: [], run: [], seconds: series.seconds.map(() => []) };
  const add = (at, run, values) => {
    found.at.push(at);
    found.run.push(run);
    values.forEach((value, place) => found.seconds[place].push(value));
  };
  const none = series.seconds.map(() => null);
  series.at.forEach((at, place) => {
    add(at, series.run[place], series.seconds.map((values) => values[place]));
    const end = at + series.length[place];
    const next = series.at[place + 1];
    if (next === undefined || next > end + series.length[place] / 2) add(end, null, none);
  });
  return found;
}

function stacked(seconds) {
  const sums = new Array(seconds[0]?.length ?? 0).fill(0);
  return seconds.map((values) =>
    values.map((value, place) => {
      if (seconds.every((each) => each[place] === null)) return null;
      sums[place] += value ?? 0;
      return sums[place];
    }),
  );
}

const STRIPS = { error: "error", blackout: "blackout", unknown: "unknown", "not-measured": "unknown" };

function draw(series) {
  const { at, run, seconds } = withGaps(series);
  const sums = stacked(seconds);
  const quiet = getComputedStyle(document.querySelector(".legend")).color;
  const line = colourOf("strip-grid");
  const axis = { stroke: quiet, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
  const steps = uPlot.paths.stepped({ align: 1 });
  const phases = series.phases.map((phase, place) => ({
    label: phase.name,
    fill: colourOf(`phase-${phase.key}`),
    width: 0,
    paths: steps,
    points: { show: false },
    value: (_chart, _sum, _series, index) => written(index === null ? null : seconds[place][index]),
  }));
  const shade = (chart) => {
    chart.ctx.save();
    series.at.forEach((begin, place) => {
      const strip = STRIPS[series.outcome[place]];
      if (strip === undefined) return;
      const left = chart.valToPos(begin, "x", true);
      const right = chart.valToPos(begin + series.length[place], "x", true);
      const { left: edge, width, top, height } = chart.bbox;
      const from = Math.max(left, edge);
      const to = Math.min(Math.max(right, left + 1), edge + width);
      if (to <= from) return;
      chart.ctx.fillStyle = colourOf(`strip-${strip}`);
      chart.ctx.fillRect(from, top, to - from, height);
    });
    chart.ctx.restore();
  };
  box.replaceChildren();
  box.parentElement.classList.add("has-chart");
  const chart = new uPlot(
    {
      width: box.clientWidth,
      height: HEIGHT,
      // Those that lie on top of others are drawn first.
      series: [{ label: "At", value: (_chart, moment) => (moment === null ? "–" : writtenTime(moment)) }, ...phases.toReversed()],
      axes: [
        { ...axis, values: (_chart, moments, _axis, _space, step) => axisTimes(moments, step) },
        { ...axis, size: 64, values: (_chart, values) => values.map((value) => (value === 0 ? "0" : written(value))) },
      ],
      scales: { y: { range: (_chart, _low, high) => [0, high > 0 ? Math.min(high, series.top) * 1.05 : 1] } },
      cursor: { drag: { x: true, y: false }, points: { show: false } },
      legend: { live: true },
      hooks: { drawClear: [shade] },
    },
    [at, ...sums.toReversed()],
    box,
  );
  let pressed = 0;
  chart.over.addEventListener("mousedown", (event) => {
    pressed = event.clientX;
  });
  chart.over.addEventListener("click", (event) => {
    // A drag, too, ends with a click.
    const dragged = Math.abs(event.clientX - pressed) > 3;
    const found = chart.cursor.idx === null ? null : run[chart.cursor.idx];
    if (found !== null && found !== undefined && !dragged) location.assign(`/runs/${found}`);
  });
  return chart;
}

async function start() {
  const answer = await fetch(box.dataset.series);
  if (!answer.ok) return;
  const series = await answer.json();
  if (series.at.length === 0) return;
  let chart = draw(series);
  new ResizeObserver(() => chart.setSize({ width: box.clientWidth, height: HEIGHT })).observe(box);
  dark.addEventListener("change", () => {
    const { min, max } = chart.scales.x;
    chart.destroy();
    chart = draw(series);
    chart.setScale("x", { min, max });
  });
}

if (box !== null) start();
