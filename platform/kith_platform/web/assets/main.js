// Everything a page needs at once. Charts come later, from charts.js, and only where a page has one.
import "@tabler/core/dist/js/tabler.esm.js";
import Alpine from "@alpinejs/csp";
import htmx from "htmx.org";
import "./shell.js";

window.htmx = htmx;
window.Alpine = Alpine;
Alpine.start();

async function mountCharts(root) {
  if (!root.querySelector?.("figure.chart")) return;
  const { mount } = await import(document.querySelector('meta[name="kith-charts"]').content);
  mount(root);
}

mountCharts(document);
document.addEventListener("htmx:after:swap", () => mountCharts(document));
