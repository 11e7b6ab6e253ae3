// Where the page's own content begins is for its hearers to be found, too.
document.addEventListener("DOMContentLoaded", () => {
  document.getElementById("main")?.setAttribute("role", "main");
});

// Unfold looks up a chart's var(--...) colours once. When the theme is switched, again.
window.addEventListener("load", () => {
  const looked = (value) => {
    const name = /^var\((--[\w-]+)\)$/.exec(value)?.[1];
    const root = getComputedStyle(document.documentElement);
    return name ? root.getPropertyValue(name).trim() : value;
  };
  new MutationObserver(() => {
    for (const canvas of document.querySelectorAll("canvas.chart")) {
      const chart = Chart.getChart(canvas);
      JSON.parse(canvas.dataset.value).datasets.forEach((as_sent, n) => {
        chart.data.datasets[n].borderColor = looked(as_sent.borderColor);
        chart.data.datasets[n].backgroundColor = looked(as_sent.backgroundColor);
      });
      chart.update();
    }
  }).observe(document.documentElement, { attributeFilter: ["class"] });
});
