// Charts of what lies behind and beyond one cell: other runs, earlier runs, single samples.

const acrossRuns = {
  name: "kernels and runs",
  spec: "runs",
  columns: [["run", (row) => row.run_name], ...rankingColumns],
  present: ({ cell }) => cell !== null && report.cells.filter((other) => other.cell === cell.cell).length > 1,
  build({ cell, shown }, width) {
    const names = new Set(shown);
    const numbers = new Set(
      report.cells.flatMap((other, number) => (other.cell === cell.cell ? [number] : [])),
    );
    const lines = rows
      .filter((row) => numbers.has(row.cell_number) && names.has(row.strategy) && row.kind === "copied")
      .sort((a, b) => a.run - b.run);
    return {
      rows: lines,
      heading: `${cell.layout} ${cell.size_label} · ${cell.fs} · ${cell.cache}`,
      subheading: [about(cellsOf(lines), lines), `Ratio to ${report.base} of the same run, with intervals.`],
      signals: { shown, legend_columns: Math.max(1, Math.floor(width / 170)) },
      plotWidth: Math.max(220, Math.min(900, width - 90)),
    };
  },
};

const samples = {
  name: "raw samples",
  spec: "samples",
  columns: [
    ["strategy", (row) => row.strategy],
    [wall ? "µs" : "instructions", (row) => significant(row.amount, 6), true],
  ],
  present: ({ cell, visible }) =>
    cell !== null && report.samples.some(([number]) => number === cell.number) && visible.length > 0,
  build({ cell, visible }, width) {
    const ranks = new Map(
      visible.filter((row) => row.cell_number === cell.number).map((row) => [row.strategy_order, row.median]),
    );
    const shown = report.samples
      .filter(([number, strategy]) => number === cell.number && ranks.has(strategy))
      .flatMap(([, strategy, elapsed]) =>
        elapsed.map((value) => ({
          strategy: report.strategies[strategy].name,
          amount: wall ? value / 1000 : value,
          order: ranks.get(strategy),
        })),
      );
    return {
      rows: shown,
      heading: cell.label,
      subheading: [
        about([cell], shown),
        `Every copy that was timed: ${shown.length} of them, fastest strategies first.`,
      ],
      plotWidth: Math.max(130, width - nameWidth(shown) - 40),
    };
  },
};

const past = {
  name: "history",
  spec: "history",
  columns: [
    ["run", (row) => row.started],
    ["commit", (row) => (row.sha ?? "").slice(0, 10)],
    ["ratio", (row) => factor(row.ratio), true],
    ["interval", (row) => factors(row.low, row.high), true],
    ["change", (row) => row.change ?? ""],
  ],
  present: () => report.history.length > 0,
  build(context, width) {
    const series =
      report.history.find((one) => seriesKey(one) === state.series) ?? report.history[0];
    const changes = new Map((series.changes ?? []).map((change) => [change.at, change]));
    const shown = series.points.map((point, at) => ({
      strategy: series.strategy,
      ...point,
      change: changes.has(at)
        ? `change from ${factor(changes.get(at).before)}× to ${factor(changes.get(at).after)}×`
        : null,
    }));
    return {
      rows: shown,
      heading: `${series.strategy} in ${series.cell}${onHost(series)}`,
      subheading: [
        `Ratio to ${report.base} of the same run, with intervals; dashed lines are change points.`,
      ],
      plotWidth: Math.max(220, Math.min(900, width - 90)),
    };
  },
};

const definitions = {
  answer: answerOf("copied"),
  "answer-reflinked": answerOf("reflinked"),
  "answer-holes": answerOf("holes"),
  throughput,
  copied: ranking("copied"),
  reflinked: ranking("reflinked"),
  holes: ranking("holes"),
  faults,
  heat,
  runs: acrossRuns,
  samples,
  history: past,
};
