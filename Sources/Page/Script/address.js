"use strict";
// What the page shows, in its address, so that a link brings somebody else to the same view:
//
//   page.html?hide=twin,probes#q=728998&removed=2&heads=0.1,1.3&cut=4&set=9:1&head=1.2
//
//   q        the problem as people write it          removed  the stage of the slider
//   heads    heads that are cut, layer.head          cut      places that are cut
//   set      places of the chain that are overwritten, with the characters put there
//   head     the head whose attention is open

const Address = (() => {
  function read(text) {
    const values = new URLSearchParams(text.replace(/^#/, ""));
    const list = (name) => (values.get(name) || "").split(",").filter((part) => part !== "");
    const whole = (part) => /^[0-9]{1,6}$/.test(part);
    return {
      question: values.get("q"),
      removed: whole(values.get("removed") || "") ? Number(values.get("removed")) : null,
      heads: list("heads").filter((part) => /^[0-9]+\.[0-9]+$/.test(part)),
      cut: list("cut").filter(whole).map(Number),
      set: list("set").map((part) => part.match(/^([0-9]{1,6}):(.+)$/)).filter(Boolean).map(([, place, c]) => [Number(place), c]),
      head: /^[0-9]+\.[0-9]+$/.test(values.get("head") || "") ? values.get("head") : null,
    };
  }

  function write({ question, removed, heads, cut, set, head }) {
    const values = new URLSearchParams({ q: question, removed });
    if (heads.length) values.set("heads", heads.join(","));
    if (cut.length) values.set("cut", cut.join(","));
    if (set.length) values.set("set", set.map(([place, c]) => `${place}:${c}`).join(","));
    if (head) values.set("head", head);
    return `#${values}`;
  }

  /** The parts that the address leaves out. */
  const hidden = (search) => new Set((new URLSearchParams(search).get("hide") || "").split(","));

  return { read, write, hidden };
})();
