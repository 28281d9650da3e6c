"use strict";
// The probes that icot fitted at export: for each step of the reasoning and each layer, how well it can be read, beside the
// nearest of the controls.

const Probes = (() => {
  const { make } = Elements;
  const names = { token: "the token there", raw: "the raw question", untrained: "an untrained model", shuffled: "shuffled labels", control: "a control task", constant: "a constant" };

  /** The probed stage that stands for `removed`: itself, or the nearest one before it. */
  function stageFor(rows, removed) {
    const stages = [...new Set(rows.map((row) => row.removed))].sort((a, b) => a - b);
    return stages.filter((stage) => stage <= removed).pop() ?? stages[0];
  }

  function cell(row) {
    if (!row) return make("td", {}, "–");
    const clamp = (value) => `${100 * Math.min(1, Math.max(0, value))}%`;
    const fill = make("i");
    fill.style.width = clamp(row.score);
    const mark = make("u");
    mark.style.left = clamp(row[row.nearest] || 0);
    const beaten = row.nearest ? `${names[row.nearest]} reaches ${row[row.nearest].toFixed(2)}` : "no control";
    return make("td", { title: beaten },
      make("span", { class: `score${row.above ? " above" : ""}`, role: "img", "aria-label": `score ${row.score.toFixed(2)}, ${beaten}${row.above ? "; above every control" : ""}` },
        fill, mark),
      make("span", { class: "number", "aria-hidden": "true" }, `${row.above ? "●" : "○"} ${row.score.toFixed(2)}`));
  }

  /** The table for a stage. */
  function table(content, removed, gone) {
    const { rows } = content.probes;
    const shown = rows.filter((row) => row.removed === stageFor(rows, removed));
    const unique = (values) => [...new Set(values)];
    const targets = unique(shown.map((row) => `${row.target}\n${row.position}`));
    const layers = unique(shown.map((row) => row.layer));
    const positions = unique(shown.map((row) => row.position));
    const head = make("tr", {}, make("th", { scope: "col" }, "to be read"), ...layers.map((layer) => make("th", { scope: "col" }, `after layer ${layer}`)));
    const body = targets.map((key) => {
      const own = shown.filter((row) => `${row.target}\n${row.position}` === key);
      const isGone = own[0].place !== null && gone.has(own[0].place);
      const label = own[0].target + (positions.length > 1 ? ` at ${own[0].position}` : "");
      return make("tr", {}, make("th", { scope: "row", class: isGone ? "gone" : null }, label, isGone ? make("span", { class: "unseen" }, ", its token is removed") : ""),
        ...layers.map((layer) => cell(own.find((row) => row.layer === layer))));
    });
    return make("table", {}, make("thead", {}, head), make("tbody", {}, ...body));
  }

  function note(content, removed) {
    const stage = stageFor(content.probes.rows, removed);
    const other = stage === removed ? "" : `Probed with ${stage} removed, the nearest stage that was probed. `;
    return `${other}● above every control, with its whole interval; ○ not. Struck out: the token that said it is removed. ${content.probes.notes.join("; ")}.`;
  }

  return { table, note };
})();
