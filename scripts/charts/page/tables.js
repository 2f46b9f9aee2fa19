// Tables and lists of the page.

function tableOf(title, columns, shown, most) {
  const head = element(
    "tr",
    {},
    ...columns.map(([name, , number]) =>
      element("th", { scope: "col", class: number ? "number" : null }, name),
    ),
  );
  const body = element("tbody");
  const add = (from, to) => {
    for (const row of shown.slice(from, to)) {
      body.append(
        element(
          "tr",
          { class: row.base ? "base" : null },
          ...columns.map(([, of, number], at) =>
            element(
              at === 0 ? "th" : "td",
              { scope: at === 0 ? "row" : null, class: number ? "number" : null },
              String(of(row) ?? ""),
            ),
          ),
        ),
      );
    }
  };
  add(0, most);
  const box = element(
    "div",
    {},
    element(
      "table",
      {},
      element("caption", {}, `${title}: ${shown.length} rows`),
      element("thead", {}, head),
      body,
    ),
  );
  if (shown.length > most) {
    const more = element("button", { type: "button", class: "more" }, `Show all ${shown.length} rows`);
    more.addEventListener("click", () => {
      add(most, shown.length);
      more.remove();
    });
    box.append(more);
  }
  return box;
}

function scrolling(label, content) {
  return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, content);
}

const resultColumns = [
  ["strategy", (row) => row.strategy],
  ["cell", (row) => row.label],
  ["rank", (row) => row.rank, true],
  [wall ? "time" : "instructions", time, true],
  ...rankingColumns.slice(2),
  ["faults/MiB", (row) => significant(row.faults_per_mib), true],
  ["calls/MiB", (row) => significant(row.calls_per_mib), true],
];

// Data copied, extents shared and holes kept are unlike things: each kind has its own table.
function showTables({ visible }) {
  const section = document.getElementById("tables");
  section.replaceChildren(section.firstElementChild);
  for (const [kind, title] of Object.entries(kinds)) {
    const shown = visible
      .filter((row) => row.kind === kind)
      .sort((a, b) => a.cell_number - b.cell_number || a.rank - b.rank);
    if (shown.length)
      section.append(
        element("h3", {}, title),
        scrolling(`Results: ${title}`, tableOf(title, resultColumns, shown, 40)),
      );
  }
  if (!visible.length)
    section.append(
      element("p", {}, rows.length ? "No result passes these filters." : "These records hold no samples."),
    );
}

function showAnswers({ cells, visible }) {
  const place = document.getElementById("answers");
  const measured = new Set(visible.map((row) => row.cell_number));
  const said = cells
    .filter((cell) => measured.has(cell.number))
    .flatMap((cell) => {
      const answers = report.answers.filter((one) => one.cell === cell.number);
      return answers.map((one) => ({
        name: answers.length > 1 ? `${cell.name}, ${kinds[one.kind].toLowerCase()}` : cell.name,
        answer: one.sentence,
      }));
    });
  const list = (some) =>
    element(
      "ul",
      { class: "answers" },
      ...some.map((cell) => element("li", {}, element("b", {}, `${cell.name}: `), cell.answer)),
    );
  const rest = said.slice(8);
  place.replaceChildren(...(said.length ? [list(said.slice(0, 8))] : [element("p", {}, nothing(visible))]));
  if (said.length && (state.q || state.family))
    place.prepend(
      element(
        "p",
        { class: "note" },
        "An answer speaks of every strategy of its cell, also of those that the filters hide.",
      ),
    );
  if (rest.length)
    place.append(element("details", {}, element("summary", {}, `${rest.length} more cells`), list(rest)));
}

function showPictured({ cell, cells }) {
  const note = document.getElementById("pictured");
  note.hidden = !cell || cells.length < 2 || !report.answers.some((one) => one.cell === cell.number);
  if (!note.hidden)
    note.replaceChildren(
      `Pictured: ${cell.name}. `,
      element("a", { href: "#cell", id: "another" }, "Another cell"),
    );
}

function nothing(visible) {
  if (!rows.length)
    return report.skips.length
      ? "No answer: nothing was measured, every strategy was skipped. The reasons are below."
      : "No answer: these records hold no samples.";
  return visible.length
    ? "No answer for these cells: too few strategies were measured to compare."
    : "Nothing passes these filters.";
}

function showSkips() {
  const section = document.getElementById("skips");
  const shown = report.skips.filter(
    (skip) =>
      strategyPasses(skip.strategy, strategyOf.get(skip.strategy)?.family ?? "") &&
      filters.every(([key, , of]) => {
        const cell = cellOfSkip(skip);
        return state[key] === "" || !cell || of(cell) === state[key];
      }),
  );
  section.replaceChildren(
    section.firstElementChild,
    shown.length
      ? scrolling(
          "Skipped strategies",
          tableOf(
            "Skipped, with the reason",
            [
              ["strategy", (skip) => skip.strategy],
              ["cell", (skip) => cellOfSkip(skip)?.name ?? skip.cell ?? "all cells"],
              ["call", (skip) => [skip.call, skip.errno].filter(Boolean).join(": ")],
              ["reason", (skip) => skip.reason],
            ],
            shown,
            30,
          ),
        )
      : element("p", {}, report.skips.length ? "No skip passes these filters." : "Nothing was skipped."),
  );
}

const skippedCells = new Map(report.cells.map((cell) => [`${cell.run}|${cell.cell}`, cell]));
function cellOfSkip(skip) {
  return skippedCells.get(`${skip.run}|${skip.cell}`);
}

function showClaims() {
  const section = document.getElementById("claims");
  section.hidden = !report.claims.length;
  if (section.hidden) return;
  const severalKernels = new Set(report.claims.map((claim) => claim.kernel)).size > 1;
  section.append(
    scrolling(
      "Claims",
      tableOf(
        "Claims about copying",
        [
          ["claim", (claim) => claim.id],
          ["says", (claim) => claim.statement ?? ""],
          ["file system", (claim) => claim.fs],
          ...(severalKernels ? [["kernel", (claim) => claim.kernel ?? ""]] : []),
          ["verdict", (claim) => claim.verdict],
          ["figure", (claim) => factor(claim.ratio), true],
          ["interval", (claim) => factors(claim.low, claim.high), true],
          ["holds if", (claim) => bounds(claim.at_least, claim.at_most)],
          ["what was measured", (claim) => [claim.figure, claim.cell].filter(Boolean).join("; ")],
          ["reason", (claim) => claim.reason ?? ""],
          ["source", (claim) => claim.source],
        ],
        report.claims,
        100,
      ),
    ),
  );
}

function showRuns() {
  const section = document.getElementById("runs");
  for (const run of report.runs) {
    const facts = [
      ["host", `${run.host.label} (${run.host.hash.slice(0, 12)})`],
      ["kernel", run.host.kernel],
      ["started", run.started],
      ["commit", `${run.commit.sha.slice(0, 12)}${run.commit.dirty ? ", with other changes" : ""}`],
      ["command", element("code", {}, run.argv.join(" "))],
      [
        "measured",
        `${run.samples} samples, ${run.skips} skips${run.wall_seconds ? `, ${significant(run.wall_seconds)} s` : ""}` +
          `${run.steal === null || run.steal === undefined ? "" : `, ${significant(run.steal * 100)} % of the time taken by other guests`}${run.complete ? "" : "; cut short"}`,
      ],
      ["clock", wall ? "wall time" : "guest instructions"],
      ...(run.unconfirmed ? [["cache state", `unconfirmed: ${run.unconfirmed}`]] : []),
    ];
    section.append(
      element("h3", {}, run.label),
      element(
        "dl",
        {},
        ...facts.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]),
      ),
    );
  }
}

function showWarnings() {
  const said = [...report.warnings];
  const cut = report.runs.filter((run) => !run.complete).map((run) => run.label);
  if (cut.length) said.push(`Cut short, so not all of it was measured: ${cut.join(", ")}.`);
  const hosts = new Set(report.runs.map((run) => run.host.hash));
  if (hosts.size > 1)
    said.push(
      `These runs come from ${hosts.size} unlike hosts: compare ratios inside a run, not speeds between runs.`,
    );
  if (!wall)
    said.push(
      "The clock counted guest instructions: it tells work, not time, and knows no caches and no memory bandwidth.",
    );
  document
    .getElementById("warnings")
    .replaceChildren(...said.map((text) => element("p", { class: "warning" }, text)));
}
