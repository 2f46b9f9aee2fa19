// One figure: a Vega view, its saved forms, and its rows as a table.

const charts = new Map();
const seen = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      const chart = charts.get(entry.target.dataset.chart);
      chart.near = entry.isIntersecting;
      if (chart.near) chart.draw();
    }
  },
  { rootMargin: "200px" },
);

class Chart {
  constructor(figure, definition) {
    this.figure = figure;
    this.definition = definition;
    this.near = false;
    this.drawing = Promise.resolve();
    this.canvas = element("div", {
      class: "canvas",
      tabindex: "0",
      role: "region",
      "aria-label": `Chart: ${definition.name}`,
    });
    this.table = element(
      "details",
      {},
      element("summary", {}, "Data as a table"),
      element("div", {
        class: "scroll",
        tabindex: "0",
        role: "region",
        "aria-label": `Data of the chart: ${definition.name}`,
      }),
    );
    this.table.addEventListener("toggle", () => this.fillTable());
    const save = (kind) => {
      const button = element(
        "button",
        { type: "button", "aria-label": `Save ${kind} of ${definition.name}` },
        `Save ${kind}`,
      );
      button.addEventListener("click", () => this.save(kind.toLowerCase()));
      return button;
    };
    figure.append(this.canvas, element("div", { class: "tools" }, save("SVG"), save("PNG"), this.table));
    seen.observe(figure);
  }

  // Off-screen charts wait until they are scrolled to; a filter then only costs what is seen.
  update(context) {
    this.context = context;
    this.stale = true;
    const shown = this.definition.present(context);
    this.figure.hidden = !shown;
    return shown && this.near ? this.draw() : Promise.resolve();
  }

  draw() {
    this.drawing = this.drawing.then(() => this.render());
    return this.drawing;
  }

  async render() {
    if (!this.stale || this.figure.hidden) return;
    this.stale = false;
    const width = this.canvas.clientWidth || 800;
    this.content = this.definition.build(this.context, width);
    if (!this.view) {
      const options = {
        mode: "vega",
        renderer: "svg",
        actions: false,
        defaultStyle: false,
        tooltip: { theme: "page" },
        logLevel: 1,
      };
      this.view = (await vegaEmbed(this.canvas, specs[this.definition.spec], options)).view;
    }
    const { rows: shown, signals = {}, plotWidth } = this.content;
    // Vega writes into the rows that it is given.
    this.view.data(
      "rows",
      shown.map((row) => ({ ...row })),
    );
    for (const [name, value] of Object.entries({
      heading: wrapped([this.content.heading], width * 0.75),
      subheading: wrapped(this.content.subheading, width),
      ...signals,
    })) {
      this.view.signal(name, value);
    }
    if (plotWidth) this.view.width(plotWidth);
    // A layout of panels does not notice by itself that it has grown.
    await this.view.resize().runAsync();
    // A layer without marks in some panel is no picture that would need words.
    for (const empty of this.canvas.querySelectorAll("[role=graphics-symbol]:empty:not([aria-label])")) {
      empty.removeAttribute("role");
      empty.removeAttribute("aria-roledescription");
    }
    this.canvas.setAttribute(
      "aria-label",
      `Chart: ${this.definition.name}. ${this.content.heading}. ${(this.content.all ?? shown).length} rows, also below as a table.`,
    );
    this.fillTable();
  }

  fillTable() {
    if (!this.table.open || !this.content) return;
    this.table.lastElementChild.replaceChildren(
      tableOf(this.definition.name, this.definition.columns, this.content.all ?? this.content.rows, 300),
    );
  }

  async save(kind) {
    await this.draw();
    this.view.background("white");
    const name = `${this.definition.name.replaceAll(/[^a-z]+/g, "-")}.${kind}`;
    const address =
      kind === "svg"
        ? URL.createObjectURL(new Blob([await this.view.toSVG()], { type: "image/svg+xml" }))
        : await this.view.toImageURL("png", 2);
    this.view.background(null);
    element("a", { href: address, download: name }).click();
    document.body.dataset.saved = name;
    if (kind === "svg") setTimeout(() => URL.revokeObjectURL(address), 10000);
  }
}

// Lines of text that fit a width; Vega does not break them itself.
function wrapped(lines, width) {
  const most = Math.max(30, Math.floor(width / 6.1));
  return lines.flatMap((line) => {
    const made = [""];
    for (const word of line.split(" ")) {
      if (made.at(-1) && made.at(-1).length + word.length >= most) made.push(word);
      else made[made.length - 1] += made.at(-1) ? ` ${word}` : word;
    }
    return made;
  });
}

// Room that names take beside a plot.
function nameWidth(shown) {
  return Math.min(220, 14 + 6.3 * Math.max(8, ...shown.map((row) => row.strategy.length)));
}
