// What each chart shows of the selection.

const rankingColumns = [
  ["strategy", (row) => row.strategy],
  ["cell", (row) => row.label],
  [wall ? "speed" : "instructions per byte", speed, true],
  ["interval", speedInterval, true],
  ["ratio", (row) => factor(row.ratio), true],
  ["ratio interval", (row) => factors(row.ratio_low, row.ratio_high), true],
  ["verdict", (row) => row.verdict ?? "–"],
  ["n", (row) => row.n, true],
];
const causeColumns = [
  ["strategy", (row) => row.strategy],
  [wall ? "speed" : "instructions per byte", speed, true],
  ["faults per MiB", (row) => significant(row.faults_per_mib), true],
  ["calls per MiB", (row) => significant(row.calls_per_mib), true],
  ["user CPU", (row) => micro(row.user_ns), true],
  ["system CPU", (row) => micro(row.system_ns), true],
];
const mostPanels = 12;

function micro(nanoseconds) {
  return nanoseconds === null ? "–" : `${significant(nanoseconds / 1000)} µs`;
}

function about(cells, shown) {
  const runs = [...new Set(cells.map((cell) => cell.run))].map((run) => report.runs[run]);
  const hosts = [...new Set(runs.map((run) => `${run.host.label}, kernel ${run.host.kernel}`))];
  const list = (values) => {
    const unlike = [...new Set(values)];
    return unlike.length > 5 ? `${unlike.length} of them` : unlike.join(", ");
  };
  const setup = cells.map((cell) => cell.setup).filter(Boolean);
  const counts = shown.map((row) => row.n).filter((n) => n !== undefined);
  const least = counts.reduce((a, b) => Math.min(a, b), Infinity),
    most = counts.reduce((a, b) => Math.max(a, b), 0);
  return (
    `${hosts.length > 3 ? `${hosts.length} hosts or kernels` : hosts.join("; ")}; ${list(cells.map((cell) => cell.fs))}; ${list(cells.map((cell) => cell.cache))} cache; ` +
    `target ${list(cells.map((cell) => cell.dst))}; end ${list(cells.map((cell) => cell.end))}${setup.length ? `; set-up ${list(setup)}` : ""}${counts.length ? `; n = ${least === most ? most : `${least}–${most}`}` : ""}` +
    (wall ? "" : "; counted instructions, which are not time")
  );
}

function cellsOf(shown) {
  return [...new Set(shown.map((row) => row.cell_number))].map((number) => report.cells[number]);
}

function ofCell({ visible, cell }, kind) {
  return cell
    ? visible
        .filter((row) => row.cell_number === cell.number && row.kind === kind)
        .sort((a, b) => a.rank - b.rank)
    : [];
}

function ranking(kind) {
  return {
    name: `ranking, ${kind}`,
    spec: "ranking",
    columns: rankingColumns,
    present: (context) => ofCell(context, kind).some((row) => row.ratio),
    build(context, width) {
      const shown = ofCell(context, kind);
      return {
        rows: shown,
        heading: `${context.cell.label}: ${kinds[kind].toLowerCase()}`,
        subheading: [
          about([context.cell], shown),
          `Ratio to ${report.base} with intervals; the grey band is the margin of ±${significant(report.margin * 100)} %.`,
        ],
        plotWidth: Math.max(130, Math.min(640, width - nameWidth(shown) - 110)),
      };
    },
  };
}

const mostPlaces = 20;

// Who is first, who shares the place, and how far off the others are. It speaks of every strategy, whatever filters hide.
function answerOf(kind) {
  const found = (cell) =>
    cell && report.answers.find((one) => one.cell === cell.number && one.kind === kind && one.places.length > 1);
  return {
    name: `answer, ${kind}`,
    spec: "answer",
    columns: [
      ["strategy", (row) => row.strategy],
      ["where it stands", (row) => row.words],
      ["a copy", (row) => row.time ?? "–", true],
      ["with set-up", (row) => row.fresh ?? "–", true],
    ],
    present: ({ cell }) => Boolean(found(cell)),
    build({ cell }, width) {
      const { places, margin } = found(cell);
      const left = places.length - mostPlaces;
      const shown = places.slice(0, mostPlaces).map((place, order) => ({ ...place, order }));
      const wide = width > 760;
      const beside = wide ? 230 + (shown.some((place) => place.fresh) ? 160 : 60) : 64;
      return {
        rows: shown,
        all: places,
        heading: `${cell.label}: ${kinds[kind].toLowerCase()}`,
        subheading: [
          about(
            [cell],
            rows.filter((row) => row.cell_number === cell.number && row.kind === kind),
          ),
          `How much longer a copy takes than one by ${places[0].strategy}, as ranges; the grey band is the margin of ${significant(margin * 100)} %; an arrow points to what lies beyond the chart.`,
          ...(left > 0 ? [`And ${left} more, in the table.`] : []),
        ],
        signals: { margin, wide },
        plotWidth: Math.max(110, Math.min(560, width - nameWidth(shown) - beside)),
      };
    },
  };
}

const throughput = {
  name: "speed over size",
  spec: "throughput",
  columns: rankingColumns,
  present: ({ visible }) => visible.some((row) => row.kind === "copied" || row.kind === "limit"),
  build({ visible, shown }, width) {
    const drawnNames = new Set(shown);
    let lines = visible.filter(
      (row) => drawnNames.has(row.strategy) && (row.kind === "copied" || row.kind === "limit"),
    );
    const panels = [...new Set(lines.map((row) => row.panel_order))].sort((a, b) => a - b);
    const kept = new Set(panels.slice(0, mostPanels));
    lines = lines.filter((row) => kept.has(row.panel_order));
    const columns = width > 760 && kept.size > 1 ? 2 : 1;
    return {
      rows: lines,
      heading: wall ? "Copy speed over file size" : "Instructions per byte over file size",
      subheading: [
        about(cellsOf(lines), lines),
        "Only copies that moved data. Upright lines say where a typical copy lies, at 95 %; points of one size stand apart so that the intervals can be seen.",
        ...(panels.length > kept.size
          ? [`The first ${kept.size} of ${panels.length} panels: filters choose others.`]
          : []),
      ],
      signals: {
        shown,
        sizes: [...new Set(lines.map((row) => row.size))].sort((a, b) => a - b),
        panel_columns: columns,
        legend_columns: Math.max(1, Math.floor(width / 170)),
        child_width: Math.max(200, Math.min(720, (width - 60 - 36 * (columns - 1)) / columns)),
      },
    };
  },
};

const faults = {
  name: "causes beside speed",
  spec: "faults",
  columns: causeColumns,
  present: (context) =>
    ofCell(context, "copied").some(
      (row) => row.faults_per_mib !== null || row.calls_per_mib !== null || row.system_ns !== null,
    ),
  build(context, width) {
    const shown = ofCell(context, "copied").map((row, order) => ({ ...row, order }));
    const causes =
      1 +
      ["faults_per_mib", "calls_per_mib", "user_ns", "system_ns"].filter((field) =>
        shown.some((row) => row[field] !== null),
      ).length;
    return {
      rows: shown,
      heading: context.cell.label,
      subheading: [
        about([context.cell], shown),
        "Only copies that moved data, fastest first. Bars begin at zero.",
      ],
      signals: { child_width: Math.max(105, (width - nameWidth(shown) - 20 - 34 * causes) / causes) },
    };
  },
};

const heat = {
  name: "ratios over size",
  spec: "heat",
  columns: rankingColumns,
  present: ({ visible, cell }) =>
    cell !== null && visible.some((row) => row.ratio && row.kind === "copied") && heatCells(cell).length > 1,
  build({ visible, cell }) {
    const columns = new Map(heatCells(cell).map((number, order) => [number, order]));
    const oneLayout = new Set([...columns.keys()].map((number) => report.cells[number].layout)).size === 1;
    const shown = visible
      .filter((row) => row.kind === "copied" && columns.has(row.cell_number))
      .map((row) => ({
        ...row,
        column: oneLayout ? row.size_label : `${row.layout} ${row.size_label}`,
        column_order: columns.get(row.cell_number),
      }));
    return {
      rows: shown,
      heading: `Ratio to ${report.base}: ${cell.condition}`,
      subheading: [
        about(cellsOf(shown), shown),
        `F faster, S slower, = same within ${significant(report.margin * 100)} %, ? unclear, B the base. Blue is faster, orange slower.`,
      ],
    };
  },
};

// Cells with the conditions of one: of every layout while they fit, else of its own.
function heatCells(cell) {
  const alike = report.cells
    .map((other, number) => ({ ...other, number }))
    .filter((other) => other.run === cell.run && other.condition === cell.condition && cellPasses(other));
  const own = alike.length > 16 ? alike.filter((other) => other.layout === cell.layout) : alike;
  return own.sort((a, b) => a.layout.localeCompare(b.layout) || a.size - b.size).map((other) => other.number);
}
