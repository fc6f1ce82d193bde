// Turns the JSON of web/charts.py into Apache ECharts. One look for all: direct labels, zero-based bars, interval bands.
import { BarChart, CustomChart, HeatmapChart, LineChart, ScatterChart } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent, VisualMapComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { LabelLayout } from "echarts/features";
import { CanvasRenderer } from "echarts/renderers";

echarts.use([
  BarChart, CustomChart, HeatmapChart, LineChart, ScatterChart,
  AriaComponent, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent, VisualMapComponent, LabelLayout, CanvasRenderer,
]);

// The same values as in kith.css. Okabe and Ito's palette, which colour-blind eyes tell apart.
const COLOURS = {
  accent: "#0d7471", muted: "#a3adb8", good: "#00795f", bad: "#c2500c",
  A: "#cc79a7", B: "#56b4e9", C: "#009e73", D: "#e69f00", E: "#0072b2", L: "#8a94a0",
  acquisition: "#cc79a7", growth: "#56b4e9", mature: "#009e73", decline: "#d55e00", left: "#8a94a0",
};
const ORDER = ["#0d7471", "#e69f00", "#0072b2", "#cc79a7", "#56b4e9", "#d55e00"];
const INK = "#1c2731";
const SOFT = "#5b6873";
const LINE = "#e4e8eb";
const still = matchMedia("(prefers-reduced-motion: reduce)");

const language = () => document.documentElement.lang || "en";

function formatter(unit, currency, short) {
  const shape = { maximumFractionDigits: short ? 1 : 2, ...(short ? { notation: "compact" } : {}) };
  if (unit === "percent") Object.assign(shape, { style: "percent", maximumFractionDigits: 1, notation: "standard" });
  if (unit === "money") Object.assign(shape, { style: "currency", currency });
  if (unit === "money" && short) shape.minimumFractionDigits = 0;
  const write = new Intl.NumberFormat(language(), shape);
  // Below the first unit (1K, 1万) a short number is whole: ¥1222, not ¥1222.4.
  const whole = new Intl.NumberFormat(language(), { ...shape, maximumFractionDigits: 0 });
  return (value) => (value == null ? "–" : short && unit !== "percent" && Math.abs(value) >= 100 && Math.abs(value) < (language().startsWith("zh") ? 10000 : 1000) ? whole.format(value) : write.format(value));
}

const text = (size, colour = INK) => ({ color: colour, fontSize: size, fontFamily: getComputedStyle(document.body).fontFamily });
const colourOf = (name, index) => COLOURS[name] ?? ORDER[index % ORDER.length];

function frame(spec, narrow) {
  return {
    animation: !still.matches,
    animationDuration: 300,
    aria: { enabled: true, label: { description: spec.title } },
    textStyle: text(12),
    color: ORDER,
    // richText: an HTML tooltip would need style attributes, which the page's policy forbids.
    tooltip: {
      renderMode: "richText", confine: true, backgroundColor: "#ffffff", borderColor: LINE, borderWidth: 1, padding: [8, 10],
      textStyle: text(12), trigger: ["scatter", "heatmap"].includes(spec.kind) ? "item" : "axis", axisPointer: { type: "line", lineStyle: { color: LINE } },
    },
    grid: { left: 8, right: narrow ? 16 : 24, top: spec.yLabel ? 36 : 20, bottom: spec.xLabel ? 28 : 8, containLabel: true },
  };
}

function valueAxis(spec, unit, label, write) {
  return {
    type: "value", name: label, nameTextStyle: { ...text(11, SOFT), align: "left" }, nameLocation: "end",
    axisLabel: { ...text(11, SOFT), formatter: write, hideOverlap: true }, splitLine: { lineStyle: { color: LINE } }, splitNumber: 4,
    scale: !["bar", "row", "stack"].includes(spec.kind),
  };
}

function categoryAxis(spec, narrow) {
  return {
    type: "category", data: spec.categories, axisTick: { show: false }, axisLine: { lineStyle: { color: LINE } },
    name: spec.xLabel, nameLocation: "middle", nameGap: 28, nameTextStyle: text(11, SOFT),
    axisLabel: { ...text(narrow ? 10 : 11, SOFT), hideOverlap: true },
  };
}

// A band between low and high: an invisible line carries a filled one of the difference.
function band(one, index) {
  const shared = { type: "line", stack: `band${index}`, symbol: "none", lineStyle: { opacity: 0 }, silent: true, tooltip: { show: false }, z: 1 };
  return [
    { ...shared, data: one.low, stackStrategy: "all" },
    { ...shared, data: one.high.map((high, i) => (high == null ? null : high - one.low[i])), stackStrategy: "all",
      areaStyle: { color: colourOf(one.colour, index), opacity: 0.16 } },
  ];
}

// Whiskers on bars: one thin line per interval.
function whiskers(one, lying) {
  return {
    type: "custom", silent: true, tooltip: { show: false }, z: 5,
    data: one.values.map((_, i) => [i, one.low[i], one.high[i]]),
    renderItem: (_params, api) => {
      if (api.value(1) == null || Number.isNaN(api.value(1))) return null;
      const at = (value) => api.coord(lying ? [value, api.value(0)] : [api.value(0), value]);
      const [from, to] = [at(api.value(1)), at(api.value(2))];
      return { type: "line", shape: { x1: from[0], y1: from[1], x2: to[0], y2: to[1] }, style: { stroke: INK, lineWidth: 1.5 } };
    },
  };
}

// Whether two lines end so near to one another that names at their ends would lie over each other.
function meet(series) {
  const values = series.flatMap((one) => one.values).filter((value) => value != null);
  const near = 0.06 * (Math.max(...values) - Math.min(...values) || 1);
  const ends = series.map((one) => one.values.filter((value) => value != null).at(-1)).sort((a, b) => a - b);
  return ends.some((end, i) => i && end - ends[i - 1] < near);
}

function lines(spec, narrow, write) {
  const several = spec.series.length > 1 && spec.series.length <= 5;
  const direct = several && !meet(spec.series);
  const whole = spec.unit === "percent" && Math.max(...spec.series.flatMap((one) => one.values)) === 1;  // shares of one whole
  const room = Math.min(narrow ? 84 : 140, Math.max(...spec.series.map((one) => echarts.format.getTextRect(one.name, "12px sans-serif").width + 8)));
  return {
    ...frame(spec, narrow),
    legend: { show: several && !direct, top: spec.yLabel ? 16 : 0, right: 0, itemWidth: 18, itemHeight: 8, textStyle: text(12) },
    grid: { ...frame(spec, narrow).grid, right: direct ? room + 16 : 24, ...(several && !direct ? { top: spec.yLabel ? 56 : 36 } : {}) },
    xAxis: { ...categoryAxis(spec, narrow), boundaryGap: false },
    yAxis: { ...valueAxis(spec, spec.unit, spec.yLabel, write.short), ...(whole ? { max: 1, interval: 0.25 } : {}) },
    series: spec.series.flatMap((one, i) => [
      ...(one.low ? band(one, i) : []),
      {
        type: "line", name: one.name, data: one.values, symbol: "circle", symbolSize: 6, showSymbol: one.values.length <= 16, z: 3,
        lineStyle: { width: 2.25, color: colourOf(one.colour, i), type: one.dashed ? [5, 4] : "solid" },
        itemStyle: { color: colourOf(one.colour, i) }, tooltip: { valueFormatter: write.long },
        endLabel: direct ? { show: true, formatter: one.name, ...text(12), distance: 8, width: room, overflow: "truncate" } : undefined,
        labelLayout: direct ? { moveOverlap: "shiftY" } : undefined,
      },
    ]),
  };
}

function bars(spec, narrow, write) {
  const lying = spec.kind === "row";
  const single = spec.series.length === 1;
  const categories = categoryAxis(spec, narrow);
  if (lying) Object.assign(categories, { inverse: true, name: "", axisLine: { show: false }, axisLabel: { ...text(12), width: narrow ? 96 : 180, overflow: "truncate" } });
  const values = valueAxis(spec, spec.unit, lying ? "" : spec.yLabel, write.short);
  if (lying && single) Object.assign(values, { axisLabel: { show: false }, splitLine: { show: false } });
  const label = single && spec.categories.length <= (narrow && !lying ? 8 : 16) && !spec.series[0].low;
  return {
    ...frame(spec, narrow),
    grid: { ...frame(spec, narrow).grid, right: lying && label ? 64 : 16 },
    xAxis: lying ? values : categories,
    yAxis: lying ? categories : values,
    series: spec.series.flatMap((one, i) => [
      {
        type: "bar", name: one.name, stack: spec.kind === "stack" ? "all" : undefined, barMaxWidth: lying ? 22 : 44, barCategoryGap: "32%",
        data: one.values.map((value, k) => ({
          value, itemStyle: { color: colourOf((single && spec.colours[k]) || one.colour, i), borderRadius: spec.kind === "stack" ? 0 : lying ? [0, 3, 3, 0] : [3, 3, 0, 0] },
        })),
        tooltip: { valueFormatter: write.long },
        label: label ? { show: true, position: lying ? "right" : "top", ...text(11), formatter: ({ value }) => write.short(value) } : undefined,
        labelLayout: label ? { hideOverlap: true } : undefined,
      },
      ...(one.low ? [whiskers(one, lying)] : []),
    ]),
  };
}

function heatmap(spec, narrow, write) {
  const cells = spec.series.flatMap((row, y) => row.values.map((value, x) => (value == null ? null : [x, y, value]))).filter(Boolean);
  const shades = cells.map((cell) => cell[2]);
  const [least, top] = [Math.min(...shades, 0.0), Math.max(...shades, 0.0)];
  return {
    ...frame(spec, narrow),
    xAxis: { ...categoryAxis(spec, narrow), splitArea: { show: false }, position: "top", nameGap: 24 },
    yAxis: { type: "category", inverse: true, data: spec.series.map((row) => row.name), axisTick: { show: false }, axisLine: { show: false }, axisLabel: text(11, SOFT) },
    visualMap: { show: false, min: least, max: top > least ? top : least + 1, inRange: { color: ["#f1f7f6", "#8cc4bf", "#0d7471", "#084c4a"] } },
    series: [{
      type: "heatmap",
      // Text stays readable: dark on light cells, white on dark ones.
      // A cell with a fixed colour (a group, a stage) has a tint of it instead of a shade.
      data: cells.map((cell) => {
        const fixed = COLOURS[spec.series[cell[1]].colours?.[cell[0]]];
        return fixed ? { value: cell, visualMap: false, itemStyle: { color: `${fixed}40` }, label: { color: INK } } : { value: cell, label: { color: cell[2] > top * 0.55 ? "#ffffff" : INK } };
      }),
      label: { show: !narrow || spec.categories.length <= 6, fontSize: 11, lineHeight: 16, width: narrow ? 84 : 160, overflow: "break",
        formatter: ({ value }) => [spec.series[value[1]].labels?.[value[0]], write.short(value[2])].filter(Boolean).join("\n") },
      itemStyle: { borderColor: "#ffffff", borderWidth: 2, borderRadius: 3 },
      tooltip: { formatter: ({ value }) => `${spec.series[value[1]].labels?.[value[0]] || `${spec.series[value[1]].name} · ${spec.categories[value[0]]}`}\n${write.long(value[2])}` },
    }],
  };
}

function scatter(spec, narrow, write) {
  const along = formatter(spec.xUnit, spec.currency, false);
  const every = spec.series.flatMap((one) => [...one.values, ...one.x]).filter((value) => value != null);
  const [low, high] = [Math.min(0, ...every), Math.max(...every, 0)];
  return {
    ...frame(spec, narrow),
    xAxis: { ...valueAxis(spec, spec.xUnit, spec.xLabel, formatter(spec.xUnit, spec.currency, true)), nameLocation: "middle", nameGap: 28,
      nameTextStyle: { ...text(11, SOFT), align: "center" }, splitLine: { show: false }, axisLine: { show: true, lineStyle: { color: LINE } } },
    yAxis: valueAxis(spec, spec.unit, spec.yLabel, write.short),
    series: spec.series.map((one, i) => ({
      type: "scatter", name: one.name, symbolSize: one.values.length > 200 ? 5 : 10,
      data: one.values.map((value, k) => [one.x[k], value]),
      itemStyle: { color: colourOf(one.colour, i), opacity: one.values.length > 200 ? 0.5 : 0.9 },
      tooltip: { formatter: ({ value }) => `${one.name}\n${spec.xLabel} ${along(value[0])}\n${spec.yLabel} ${write.long(value[1])}` },
      markLine: spec.diagonal && i === 0 ? { silent: true, symbol: "none", label: { show: false }, lineStyle: { color: SOFT, type: [4, 4], width: 1.25 },
        data: [[{ coord: [low, low] }, { coord: [high, high] }]] } : undefined,
    })),
  };
}

const KINDS = { line: lines, bar: bars, row: bars, stack: bars, heatmap, scatter };

function draw(figure) {
  const canvas = figure.querySelector(".chart-canvas");
  const spec = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
  const write = { long: formatter(spec.unit, spec.currency, false), short: formatter(spec.unit, spec.currency, true) };
  const paint = () => KINDS[spec.kind](spec, canvas.clientWidth < 520, write);
  const chart = echarts.init(canvas, null, { renderer: "canvas" });
  chart.setOption(paint());
  // A cell or bar that has rows behind it leads to them; the table below holds the same links.
  const linked = spec.series.some((one) => one.links);
  if (linked) {
    const target = ({ seriesIndex, dataIndex, value }) => (spec.kind === "heatmap" ? spec.series[value[1]].links?.[value[0]] : spec.series[seriesIndex]?.links?.[dataIndex]);
    chart.on("click", (hit) => { const url = target(hit); if (url) location.assign(url); });
  }
  let width = canvas.clientWidth;
  new ResizeObserver(() => {
    if (!canvas.isConnected) return chart.dispose();
    if (canvas.clientWidth === width) return;
    width = canvas.clientWidth;
    chart.resize();
    chart.setOption(paint(), true);
  }).observe(canvas);
}

/** Draw every chart below `root` that is not drawn yet. */
export function mount(root) {
  for (const figure of root.querySelectorAll("figure.chart:not([data-drawn])")) {
    figure.dataset.drawn = "yes";
    draw(figure);
  }
}
