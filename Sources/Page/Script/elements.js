"use strict";
// Making elements of the page. Nothing here ever takes text for markup.

const Elements = (() => {
  const find = (id) => document.getElementById(id);

  /** make("td", {class: "n", onclick: f}, "text", child, …); attributes that are null or false are left out. */
  function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  }

  /** 97 of a hundred, for a probability. */
  const percent = (p) => `${p > 0.995 ? 100 : Math.round(p * 100)}`;

  /**
   * Makes a table one stop of the Tab key: arrows move between its cells, and `said` is told of the cell in focus or under
   * the pointer.
   */
  function asGrid(table, said) {
    const rows = [...table.tBodies[0].rows].map((row) => [...row.querySelectorAll("td[data-said]")]);
    const cells = rows.flat();
    table.setAttribute("role", "grid");
    cells.forEach((cell, index) => {
      cell.tabIndex = index === 0 ? 0 : -1;
      cell.setAttribute("aria-label", cell.dataset.said);
    });
    const tell = (event) => {
      const cell = event.target.closest("td[data-said]");
      if (cell) said(cell.dataset.said);
    };
    for (const kind of ["focusin", "pointerover", "click"]) table.addEventListener(kind, tell);
    table.addEventListener("keydown", (event) => {
      const row = rows.findIndex((cells) => cells.includes(event.target));
      if (row < 0) return;
      const column = rows[row].indexOf(event.target);
      const [down, right] = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key] || [];
      const next = down === undefined ? undefined : (rows[row + down] || [])[column + right];
      if (!next) return;
      event.preventDefault();
      for (const cell of cells) cell.tabIndex = cell === next ? 0 : -1;
      next.focus();
    });
  }

  return { find, make, percent, asGrid };
})();
