// Plots, drawn from the same rows as the table beside them. A figure carries data-plot: JSON of
// {kind: "line" | "bar", labels: [text], unit, series: [{name, values: [number or null], style: "main" | "ahead" | "soft" | "goal"}]}.
// Lines go from left to right, bars lie below each other so that names stay readable on a phone. Colours and face are the
// page's own; a picture can be taken away. Without this the table says everything.

// Of lines in the same colour each needs a stroke of its own.
const SOFT = ["dashed", [2, 3], [12, 4, 2, 4]];

for (const figure of document.querySelectorAll("[data-plot]")) draw(figure);

function draw(figure) {
  if (typeof echarts === "undefined") return;
  const place = figure.querySelector("[data-plot-drawing]");
  const plot = JSON.parse(figure.dataset.plot);
  if (plot.kind === "bar") place.style.blockSize = `${heightOfBars(plot)}px`;
  const chart = echarts.init(place, null, { renderer: "svg", locale: document.documentElement.lang.toUpperCase() });
  const paint = () => chart.setOption(options(plot), true);
  paint();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
  new ResizeObserver(() => chart.resize()).observe(place);
  offer(figure, plot);
}

function heightOfBars(plot) {
  return plot.labels.length * 30 + 80;
}

function token(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function options(plot) {
  const isBar = plot.kind === "bar";
  const face = getComputedStyle(document.body).fontFamily.replaceAll('"', "'"); // it lands in an attribute of the picture
  const text = { color: token("ink-soft"), fontFamily: face, fontSize: 13 };
  const names = {
    type: "category",
    data: plot.labels,
    inverse: isBar,
    boundaryGap: isBar,
    axisLine: { lineStyle: { color: token("edge") } },
    axisTick: { show: false },
    axisLabel: isBar ? { ...text, interval: 0 } : { ...text, hideOverlap: true },
  };
  const counts = {
    type: "value",
    minInterval: 1,
    axisLabel: { ...text, hideOverlap: true },
    splitLine: { lineStyle: { color: token("line") } },
  };
  return {
    animation: false,
    textStyle: text,
    grid: { left: 4, right: 24, top: 44, bottom: 4, containLabel: true },
    legend: { top: 0, left: 0, itemWidth: isBar ? 22 : 34, itemHeight: 10, itemStyle: isBar ? {} : { opacity: 0 }, textStyle: text },
    tooltip: {
      trigger: "axis",
      confine: true,
      renderMode: "richText", // markup with styles of its own would be against the page's policy
      axisPointer: { type: isBar ? "none" : "line" },
      backgroundColor: token("surface"),
      borderColor: token("edge"),
      textStyle: { ...text, color: token("ink") },
      valueFormatter: (value) => (value == null ? "–" : `${value.toLocaleString(document.documentElement.lang)} ${plot.unit}`),
    },
    xAxis: isBar ? counts : names,
    yAxis: isBar ? names : counts,
    series: plot.series.map((series) => (isBar ? barOf(series) : lineOf(series, softBefore(plot, series)))),
  };
}

function colourOf(series) {
  return token({ main: "brand", ahead: "brand", soft: "edge", goal: "accent" }[series.style]);
}

function softBefore(plot, series) {
  return plot.series.filter((one) => one.style === "soft").indexOf(series);
}

function lineOf(series, place) {
  const look = { main: ["solid", 3], ahead: ["dashed", 2], soft: [SOFT[place % SOFT.length], 2], goal: ["dotted", 2] }[series.style];
  return {
    type: "line",
    name: series.name,
    data: series.values,
    symbol: "none",
    itemStyle: { color: colourOf(series) },
    lineStyle: { type: look[0], width: look[1], color: colourOf(series) },
    emphasis: { disabled: true },
  };
}

// A goal is a tick across the bar that has to reach it.
function barOf(series) {
  const shared = { name: series.name, data: series.values, itemStyle: { color: colourOf(series) }, emphasis: { disabled: true } };
  if (series.style !== "goal") return { ...shared, type: "bar", barMaxWidth: 14, barGap: "15%" };
  return { ...shared, type: "line", symbol: "rect", symbolSize: [3, 22], lineStyle: { width: 0 }, z: 5 };
}

// The picture is drawn anew, with its title, so that it stands alone in a report.
function offer(figure, plot) {
  const bar = figure.querySelector("[data-plot-downloads]");
  const size = { width: 960, height: plot.kind === "bar" ? heightOfBars(plot) + 100 : 540 };
  bar.hidden = false;
  for (const button of bar.querySelectorAll("[data-plot-download]")) {
    button.addEventListener("click", async () => {
      const svg = picture(figure, plot, size);
      const kind = button.dataset.plotDownload;
      const blob = kind === "svg" ? new Blob([svg], { type: "image/svg+xml" }) : await rastered(svg, size);
      save(blob, `${bar.dataset.plotFile}.${kind}`);
    });
  }
}

function picture(figure, plot, size) {
  const scratch = echarts.init(null, null, { renderer: "svg", ssr: true, ...size });
  const wanted = options(plot);
  scratch.setOption({
    ...wanted,
    backgroundColor: token("surface"),
    title: {
      text: figure.querySelector("figcaption h2").textContent,
      subtext: figure.querySelector("figcaption p")?.textContent ?? "",
      left: 24,
      top: 20,
      textStyle: { ...wanted.textStyle, color: token("ink"), fontSize: 20 },
      subtextStyle: wanted.textStyle,
    },
    legend: { ...wanted.legend, left: 24, top: 84 },
    grid: { left: 24, right: 40, top: 124, bottom: 24, containLabel: true },
  });
  const svg = scratch.renderToSVGString();
  scratch.dispose();
  return svg;
}

async function rastered(svg, size) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = size.width * 2;
  canvas.height = size.height * 2;
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
