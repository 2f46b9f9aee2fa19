// The data of the page as objects, and numbers as words.

const report = JSON.parse(document.getElementById("data").textContent);
const specs = JSON.parse(document.getElementById("specs").textContent);
const wall = report.clock === "wall";
const kinds = {
  copied: "Data copied",
  reflinked: "Extents shared, no data moved",
  holes: "Holes kept, only data moved",
  limit: "Physical limits",
};

const strategyOf = new Map(
  report.strategies.map((strategy, order) => [strategy.name, { ...strategy, order }]),
);
const rows = report.rows.map((values) => {
  const row = {};
  report.row_fields.forEach((field, at) => {
    row[field] = values[at];
  });
  const cell = report.cells[row.cell];
  const strategy = report.strategies[row.strategy];
  return {
    ...row,
    cell_number: row.cell,
    strategy_order: row.strategy,
    strategy: strategy.name,
    family: strategy.family,
    size: cell.size,
    size_label: cell.size_label,
    layout: cell.layout,
    panel: cell.panel,
    panel_order: cell.panel_order,
    label: cell.name,
    run_name: report.run_names[row.run] || report.runs[row.run].label,
  };
});

function significant(value, digits = 3) {
  if (value === null || value === undefined) return "–";
  if (Math.abs(value) >= 10 ** digits) return Math.round(value).toLocaleString("en");
  return String(Number(value.toPrecision(digits)));
}

function rate(value) {
  if (value === null || value === undefined) return "–";
  for (const [unit, word] of [
    [2 ** 30, "GiB/s"],
    [2 ** 20, "MiB/s"],
    [2 ** 10, "KiB/s"],
  ]) {
    if (value >= unit) return `${significant(value / unit)} ${word}`;
  }
  return `${significant(value)} B/s`;
}

function interval(low, high, digits = 3) {
  return low === null || high === null || low === undefined || high === undefined
    ? ""
    : `${significant(low, digits)} … ${significant(high, digits)}`;
}

// Two decimals of a ratio, fewer of a large one.
function factor(value) {
  return value === null || value === undefined ? "–" : value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2);
}

function factors(low, high) {
  return low === null || high === null || low === undefined || high === undefined
    ? ""
    : `${factor(low)} … ${factor(high)}`;
}

// What a figure must be, where one or both ends are given.
function bounds(least, most) {
  const given = (value) => value !== null && value !== undefined;
  if (given(least) && given(most)) return `${factor(least)} … ${factor(most)}`;
  return given(least) ? `≥ ${factor(least)}` : given(most) ? `≤ ${factor(most)}` : "";
}

function speed(row) {
  return wall ? rate(row.bytes_per_second) : row.size ? `${significant(row.median / row.size)} /B` : "–";
}

function speedInterval(row) {
  if (!wall) return row.size && row.low !== null ? interval(row.low / row.size, row.high / row.size) : "";
  const unit = row.bytes_per_second >= 2 ** 30 ? 2 ** 30 : row.bytes_per_second >= 2 ** 20 ? 2 ** 20 : 1;
  return row.bytes_per_second_low === null
    ? ""
    : interval(row.bytes_per_second_low / unit, row.bytes_per_second_high / unit);
}

function time(row) {
  if (!wall) return significant(row.median, 6);
  return row.median >= 1e9
    ? `${significant(row.median / 1e9)} s`
    : row.median >= 1e6
      ? `${significant(row.median / 1e6)} ms`
      : `${significant(row.median / 1e3)} µs`;
}

// Elements are built from text, never from markup: names come from records that anybody may have written.
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && value !== false)
      made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

// Machines that are unlike have series of their own, told apart where there are several.
const pastHosts = new Map(
  report.history.map((one) => [one.host, report.runs.find((run) => run.host.hash === one.host)?.host.label]),
);

function seriesKey(one) {
  return `${one.cell} ${one.strategy} ${one.host}`;
}

function onHost(one) {
  return pastHosts.size > 1 ? ` · ${pastHosts.get(one.host) ?? "machine"} ${one.host.slice(0, 6)}` : "";
}
