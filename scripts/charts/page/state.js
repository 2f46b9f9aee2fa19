// What the reader has chosen. It lives in the address after #, so that a link keeps the view.

const filters = [
  ["run", "Run", (cell) => String(cell.run), (value) => report.run_names[value] || report.runs[value].label],
  ["fs", "File system", (cell) => cell.fs],
  ["layout", "Layout", (cell) => cell.layout],
  ["size", "Size", (cell) => cell.size_label],
  ["cache", "Cache", (cell) => cell.cache],
  ["dst", "Target", (cell) => cell.dst],
  ["end", "Ends with", (cell) => cell.end],
  ["setup", "Set-up", (cell) => cell.setup ?? "inside the clock"],
];
const state = { family: "", q: "", cell: "", series: "", theme: "", pick: null };
for (const [key] of filters) state[key] = "";

function readState() {
  const given = new URLSearchParams(location.hash.slice(1));
  for (const key of Object.keys(state)) {
    if (key !== "pick") state[key] = given.get(key) ?? "";
  }
  state.pick = given.has("pick") ? new Set(given.get("pick").split(" ").filter(Boolean)) : null;
}

function stateHash() {
  const kept = new URLSearchParams();
  for (const [key, value] of Object.entries(state)) {
    if (key === "pick") {
      if (value) kept.set("pick", [...value].join(" "));
    } else if (value) kept.set(key, value);
  }
  return `#${kept}`;
}

function writeState() {
  const hash = stateHash();
  history.replaceState(null, "", hash);
  document.getElementById("link").href = hash;
}

function cellPasses(cell) {
  return filters.every(([key, , of]) => state[key] === "" || of(cell) === state[key]);
}

function strategyPasses(name, family) {
  const words = state.q
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean);
  return (
    (state.family === "" || family === state.family) &&
    (!words.length || words.some((word) => name.toLowerCase().includes(word)))
  );
}

// Everything that charts and tables show follows from this one selection.
function selection() {
  const passing = report.cells.map(cellPasses);
  const visible = rows.filter((row) => passing[row.cell_number] && strategyPasses(row.strategy, row.family));
  const cells = report.cells
    .map((cell, number) => ({ ...cell, number }))
    .filter((cell) => passing[cell.number]);
  return { visible, cells, cell: chosenCell(cells, visible), shown: drawn(visible) };
}

// The cell looked at closely: the reader's, else the one the page was made with, else the fullest.
function chosenCell(cells, visible) {
  const counts = new Map();
  for (const row of visible) counts.set(row.cell_number, (counts.get(row.cell_number) ?? 0) + 1);
  const own = cells.find((cell) => cellKey(cell) === state.cell && counts.has(cell.number));
  const first = cells.find((cell) => cell.number === report.first_cell && counts.has(cell.number));
  return (
    own ??
    first ??
    cells
      .filter((cell) => counts.has(cell.number))
      .sort((a, b) => counts.get(b.number) - counts.get(a.number) || b.size - a.size)[0] ??
    null
  );
}

function cellKey(cell) {
  return `${cell.run}|${cell.cell}`;
}

const mostLines = 16;

// Lines of the size chart: the reader's, else what a search found, else the representatives.
function drawn(visible) {
  const present = new Set(
    visible.filter((row) => row.kind === "copied" || row.kind === "limit").map((row) => row.strategy),
  );
  const names = report.strategies.map((strategy) => strategy.name).filter((name) => present.has(name));
  if (state.pick) return names.filter((name) => state.pick.has(name));
  if (state.q || state.family) return names.slice(0, mostLines);
  const usual = names.filter((name) => report.representatives.includes(name));
  return usual.length ? usual : names.slice(0, mostLines);
}
