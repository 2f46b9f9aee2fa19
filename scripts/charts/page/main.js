// Controls, and the one path from a change to everything on the page.

const byId = (id) => document.getElementById(id);

function choose(id, label, options, onChange) {
  const select = element(
    "select",
    { id },
    ...options.map(([value, text]) => element("option", { value }, text)),
  );
  select.addEventListener("change", () => onChange(select.value));
  return element("label", {}, label, select);
}

function buildFilters() {
  const fields = document.querySelector(".fields");
  for (const [key, label, of, name] of filters) {
    const values = [...new Set(report.cells.map(of))];
    if (key === "size")
      values.sort(
        (a, b) =>
          report.cells.find((cell) => of(cell) === a).size - report.cells.find((cell) => of(cell) === b).size,
      );
    if (values.length > 1)
      fields.append(
        choose(
          `filter-${key}`,
          label,
          [["", "all"], ...values.map((value) => [value, name ? name(value) : value])],
          (value) => change({ [key]: value }),
        ),
      );
  }
  const measured = new Set(rows.map((row) => row.family));
  const families = [...new Set(report.strategies.map((strategy) => strategy.family))].filter((family) =>
    measured.has(family),
  );
  if (families.length > 1)
    fields.append(
      choose(
        "filter-family",
        "Family",
        [["", "all"], ...families.map((family) => [family, family])],
        (family) => change({ family }),
      ),
    );
  const search = element("input", {
    id: "filter-q",
    type: "search",
    placeholder: "part of a name",
    autocomplete: "off",
  });
  search.addEventListener("input", () => change({ q: search.value }));
  if (rows.length) fields.append(element("label", {}, "Strategy", search));
  byId("filters").hidden = !rows.length;
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("filters").addEventListener("reset", () => {
    for (const key of Object.keys(state)) if (key !== "theme") state[key] = key === "pick" ? null : "";
    setTimeout(() => change({}));
  });
  byId("cell").addEventListener("change", (event) => change({ cell: event.target.value }));
  byId("series").append(
    ...report.history.map((one) =>
      element("option", { value: seriesKey(one) }, `${one.strategy} · ${one.cell}${onHost(one)}`),
    ),
  );
  byId("series").addEventListener("change", (event) => change({ series: event.target.value }));
}

function showControls({ visible, cells, cell, shown }) {
  for (const key of [...filters.map(([key]) => key), "family", "q"]) {
    const control = byId(`filter-${key}`);
    if (control && control.value !== state[key]) control.value = state[key];
  }
  const measured = new Set(visible.map((row) => row.cell_number));
  byId("cell").replaceChildren(
    ...cells
      .filter((one) => measured.has(one.number))
      .map((one) =>
        element("option", { value: cellKey(one), selected: cell && one.number === cell.number }, one.name),
      ),
  );
  byId("found").textContent =
    `${visible.length} of ${rows.length} results in ${measured.size} of ${report.cells.length} cells`;
  const copied = new Set(
    visible.filter((row) => row.kind === "copied" || row.kind === "limit").map((row) => row.strategy),
  );
  byId("picked").textContent = `${shown.length} of ${copied.size}`;
  const drawnNames = new Set(shown);
  const held = document.activeElement?.dataset?.strategy;
  byId("picker").replaceChildren(
    ...report.strategies
      .filter((strategy) => copied.has(strategy.name))
      .map((strategy) => {
        const button = element(
          "button",
          {
            type: "button",
            "aria-pressed": String(drawnNames.has(strategy.name)),
            "data-strategy": strategy.name,
            title: strategy.summary,
          },
          swatch(strategy),
          strategy.name,
        );
        button.addEventListener("click", () => {
          const pick = new Set(shown);
          if (!pick.delete(strategy.name)) pick.add(strategy.name);
          change({ pick });
        });
        return button;
      }),
  );
  if (held)
    byId("picker")
      .querySelector(`[data-strategy="${CSS.escape(held)}"]`)
      ?.focus();
}

const outlines = {
  circle: "M7 1a6 6 0 1 0 .01 0z",
  square: "M2 2h10v10H2z",
  "triangle-up": "M7 1l6 11H1z",
  diamond: "M7 0l5 7-5 7-5-7z",
  "triangle-down": "M7 13L1 2h12z",
  cross: "M5 1h4v4h4v4H9v4H5V9H1V5h4z",
  "triangle-right": "M13 7L2 13V1z",
  "triangle-left": "M1 7l11-6v12z",
};
function swatch(strategy) {
  const space = "http://www.w3.org/2000/svg";
  const drawing = document.createElementNS(space, "svg");
  drawing.setAttribute("viewBox", "0 0 14 14");
  drawing.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", outlines[strategy.shape]);
  path.setAttribute("fill", strategy.colour);
  drawing.append(path);
  return drawing;
}

async function change(changes) {
  const begun = performance.now();
  Object.assign(state, changes);
  writeState();
  await show();
  document.body.dataset.took = (performance.now() - begun).toFixed(1);
  document.body.dataset.changes = Number(document.body.dataset.changes ?? 0) + 1;
}

async function show() {
  const context = selection();
  showControls(context);
  showAnswers(context);
  showPictured(context);
  for (const part of parts) part.stale = true;
  fillParts(context, (part) => part.near);
  const drawing = [...charts.values()].map((chart) => chart.update(context));
  for (const place of document.querySelectorAll("[data-for]"))
    place.hidden = charts.get(place.dataset.for).figure.hidden;
  byId("closer").hidden = !context.cell;
  byId("charts").hidden = !context.visible.length && !report.history.length;
  await Promise.all(drawing);
  clearTimeout(rest);
  rest = setTimeout(() => drawRest(context), 400);
}

// What is out of sight is brought up to date when nothing else is to be done: for find-in-page and for paper.
let rest = 0;
async function drawRest(context) {
  fillParts(context, () => true);
  for (const chart of charts.values()) {
    await new Promise((idle) => {
      requestIdleCallback(idle);
    });
    await chart.draw();
  }
}

const parts = [
  { section: byId("tables"), fill: showTables },
  { section: byId("skips"), fill: showSkips },
];
function fillParts(context, wanted) {
  for (const part of parts.filter((one) => one.stale && wanted(one))) {
    part.stale = false;
    part.fill(context);
  }
}
const nearby = new IntersectionObserver(
  (entries) => {
    for (const entry of entries)
      parts.find((part) => part.section === entry.target).near = entry.isIntersecting;
    fillParts(selection(), (part) => part.near);
  },
  { rootMargin: "200px" },
);
for (const part of parts) nearby.observe(part.section);

function showTheme() {
  if (state.theme) document.documentElement.dataset.theme = state.theme;
  else delete document.documentElement.dataset.theme;
  byId("theme").textContent = `Theme: ${state.theme || "system"}`;
}

byId("theme").addEventListener("click", () => {
  state.theme = { "": "light", light: "dark", dark: "" }[state.theme];
  showTheme();
  writeState();
});
addEventListener("hashchange", () => {
  readState();
  showTheme();
  show();
});
let resizing = 0;
addEventListener("resize", () => {
  clearTimeout(resizing);
  resizing = setTimeout(show, 150);
});
addEventListener("beforeprint", () => drawRest(selection()));

// The address after # is the view's, so this link moves without it.
byId("pictured").addEventListener("click", (event) => {
  event.preventDefault();
  byId("cell").scrollIntoView({ block: "center" });
  byId("cell").focus();
});

readState();
showTheme();
byId("about").textContent =
  `${report.runs.length} ${report.runs.length === 1 ? "run" : "runs"}, ${report.cells.length} ${report.cells.length === 1 ? "cell" : "cells"}, ${rows.length} results against ${report.base ?? "no base"}. ` +
  [...new Set(report.runs.map((run) => `${run.host.label}, kernel ${run.host.kernel}`))]
    .slice(0, 4)
    .join("; ");
buildFilters();
for (const figure of document.querySelectorAll("figure"))
  charts.set(figure.dataset.chart, new Chart(figure, definitions[figure.dataset.chart]));
byId("raw").addEventListener("toggle", () => charts.get("samples").update(selection()));
showWarnings();
showClaims();
showRuns();
show().then(() => {
  document.body.dataset.ready = "yes";
});
