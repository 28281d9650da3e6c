// A page as a test in node takes it: the scripts, the run and the weights out of the file itself, without a browser.
"use strict";
const fs = require("fs");
const crypto = require("crypto");

/** {policy, script, style, blocks, content, modules, bench} of a page. */
function open(path) {
  const html = fs.readFileSync(path, "utf8");
  const policy = html.match(/http-equiv="Content-Security-Policy" content="([^"]*)"/)[1];
  const style = html.match(/<style>([\s\S]*?)<\/style>/)[1];
  const blocks = {};
  for (const [, id, text] of html.matchAll(/<script type="[^"]*" id="([^"]*)">([\s\S]*?)<\/script>/g)) blocks[id] = text;
  const script = html.match(/<script>([\s\S]*?)<\/script>/)[1];
  const modules = new Function(`${script}\nreturn { Weights, Transformer, Tasks, Solver, Bench, Address };`)();
  const content = JSON.parse(blocks.content);
  const bench = modules.Bench.make(content, (id) => blocks[id]);
  return { html, policy, script, style, blocks, content, modules, bench };
}

/** What a content security policy calls a script or a style. */
const source = (text) => `sha256-${crypto.createHash("sha256").update(text).digest("base64")}`;

module.exports = { open, source };
