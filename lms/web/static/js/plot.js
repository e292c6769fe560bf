// Plots, drawn from the same rows as the table beside them. A figure carries data-plot: JSON of
// {kind: "line" | "bar", labels: [text], unit, series: [{name, values: [number or null], style: "main" | "soft" | "goal"}]}.
// Colours and face are the page's own; a picture can be taken away. Without this the table says everything.

for (const figure of document.querySelectorAll("[data-plot]")) draw(figure);

function draw(figure) {
  if (typeof echarts === "undefined") return;
  const place = figure.querySelector("[data-plot-drawing]");
  const plot = JSON.parse(figure.dataset.plot);
  const chart = echarts.init(place, null, { renderer: "svg", locale: document.documentElement.lang.toUpperCase() });
  const paint = () => chart.setOption(options(plot, place.clientWidth), true);
  paint();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
  new ResizeObserver(() => {
    chart.resize();
    paint();
  }).observe(place);
  offer(figure, plot);
}

function options(plot, width) {
  const style = getComputedStyle(document.body);
  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const text = { color: token("ink-soft"), fontFamily: style.fontFamily.replaceAll('"', "'"), fontSize: 13 };
  const looks = { main: token("brand"), soft: token("edge"), goal: token("accent") };
  const many = plot.labels.length * 46 > width;
  return {
    animation: false,
    aria: { enabled: false }, // the figure has words of its own
    textStyle: text,
    grid: { left: 4, right: 20, top: 44, bottom: 4, containLabel: true },
    legend: { top: 0, left: 0, itemWidth: 22, itemHeight: 10, textStyle: text, icon: plot.kind === "line" ? undefined : "rect" },
    tooltip: {
      trigger: "axis",
      renderMode: "richText", // markup with styles of its own would be against the page's policy
      backgroundColor: token("surface"),
      borderColor: token("edge"),
      textStyle: { ...text, color: token("ink") },
      valueFormatter: (value) => (value == null ? "–" : `${value.toLocaleString(document.documentElement.lang)} ${plot.unit}`),
    },
    xAxis: {
      type: "category",
      data: plot.labels,
      boundaryGap: plot.kind === "bar",
      axisLine: { lineStyle: { color: token("edge") } },
      axisTick: { show: false },
      axisLabel: { ...text, hideOverlap: plot.kind === "line", interval: plot.kind === "bar" ? 0 : "auto", rotate: plot.kind === "bar" && many ? 45 : 0 },
    },
    yAxis: {
      type: "value",
      minInterval: 1,
      axisLabel: text,
      splitLine: { lineStyle: { color: token("line") } },
    },
    series: plot.series.map((series) => ({
      type: plot.kind === "bar" && series.style !== "goal" ? "bar" : "line",
      name: series.name,
      data: series.values,
      showSymbol: plot.kind === "bar",
      symbol: plot.kind === "bar" ? "rect" : "circle",
      symbolSize: plot.kind === "bar" ? [16, 3] : 6,
      barMaxWidth: 28,
      connectNulls: false,
      itemStyle: { color: looks[series.style] },
      lineStyle: {
        width: plot.kind === "bar" ? 0 : series.style === "main" ? 3 : 2,
        type: { main: "solid", soft: "dashed", goal: "dotted" }[series.style],
        color: looks[series.style],
      },
      emphasis: { disabled: true },
    })),
  };
}

// The picture is drawn anew at one size, with its title, so that it stands alone in a report.
function offer(figure, plot) {
  const bar = figure.querySelector("[data-plot-downloads]");
  const size = { width: 960, height: 540 };
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
  const wanted = options(plot, size.width);
  const root = getComputedStyle(document.documentElement);
  const title = figure.querySelector("figcaption h2").textContent;
  const note = figure.querySelector("figcaption p")?.textContent ?? "";
  scratch.setOption({
    ...wanted,
    backgroundColor: root.getPropertyValue("--surface").trim(),
    title: {
      text: title,
      subtext: note,
      left: 24,
      top: 20,
      textStyle: { ...wanted.textStyle, color: root.getPropertyValue("--ink").trim(), fontSize: 20 },
      subtextStyle: wanted.textStyle,
    },
    legend: { ...wanted.legend, left: 24, top: 84 },
    grid: { left: 24, right: 32, top: 124, bottom: 24, containLabel: true },
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
