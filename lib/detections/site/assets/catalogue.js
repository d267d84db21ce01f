// The catalogue: search and facets over INDEX, which index.js holds (detections/site/index.py says how).
// What is searched and chosen stands behind the # of the address, so that it can be kept and sent.
"use strict";

(() => {
  const FACETS = {
    severity: "Severity", tactic: "Tactic", source: "Source", type: "Type", cases: "Cases", maturity: "Maturity",
    tag: "Tag", technique: "Technique",
  };
  const HIDDEN = new Set(["technique"]); // reached from the ATT&CK page: offered only while one is chosen
  const SEARCHED = ["tag", "technique", "tactic", "source"]; // facets whose values are found by their words, too
  const INSIDE = 3; // characters of what is looked for inside of words, too
  const SHOWN = 10; // values of a facet before "more", which hides no less than SPARE
  const SPARE = 5;
  const PAGE = 30; // results, before "more"
  const SORTS = { best: "best match", name: "name", severity: "severity" };
  if (INDEX.alerts) SORTS.alerts = "alerts";

  const total = INDEX.names.length;
  const lower = INDEX.names.map((name) => name.toLowerCase());
  const pages = INDEX.pages.map((page) => page.toLowerCase());
  const common = new Set(INDEX.common);
  const columns = Object.fromEntries(
    Object.entries(INDEX.columns).map(([facet, { values, of }]) => [facet, { values, of: of.map((one) => [one].flat()) }]),
  );
  const get = (id) => document.getElementById(id);
  const chosen = new Map(Object.keys(FACETS).map((facet) => [facet, new Set()]));
  let sort = "best";
  let limit = PAGE;
  let found = [];

  // ------------------------------------------------------------------ words

  const DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
  const VALUE = new Map([...DIGITS].map((digit, value) => [digit, value]));
  const places = INDEX.places.split("\n");
  const remembered = new Map();
  const words = unpacked(INDEX.words);
  const text = `\n${words.join("\n")}\n`;
  const starts = lineStarts(text);

  function unpacked(packed) {
    let before = "";
    return packed.split("\n").map((line) => (before = before.slice(0, VALUE.get(line[0]) ?? 0) + line.slice(1)));
  }

  function lineStarts(lines) {
    const found = [];
    for (let at = lines.indexOf("\n"); at >= 0; at = lines.indexOf("\n", at + 1)) found.push(at);
    return found;
  }

  /** The number of the line that the place is in. */
  function lineAt(place) {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle] < place) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  function mark(line, marks, score) {
    let rule = -1;
    let step = 0;
    for (const digit of places[line]) {
      const value = VALUE.get(digit);
      step = step * 32 + (value & 31);
      if (value < 32) continue;
      rule += step;
      step = 0;
      if (marks[rule] < score) marks[rule] = score;
    }
  }

  /** For each rule how well a word fits it: 0 not at all, 1 inside a word, 2 its beginning, 4 a whole word, 8 and more in the name. */
  function scores(word) {
    if (remembered.has(word)) return remembered.get(word);
    if (remembered.size > 50) remembered.clear();
    const marks = new Uint8Array(total);
    const wanted = word.length < INSIDE ? `\n${word}` : word;
    for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at)) {
      const start = at + wanted.length - word.length;
      const first = text[start - 1] === "\n";
      mark(lineAt(start), marks, first && text[start + word.length] === "\n" ? 4 : first ? 2 : 1);
      at = text.indexOf("\n", start); // once a line
    }
    for (const facet of SEARCHED) {
      const { values, of } = columns[facet];
      const fits = new Set(values.flatMap((value, number) => (value.toLowerCase().includes(word) ? [number] : [])));
      if (!fits.size) continue;
      for (let rule = 0; rule < total; rule++)
        if (marks[rule] < 2 && of[rule].some((one) => fits.has(one))) marks[rule] = 2;
    }
    for (let rule = 0; rule < total; rule++) {
      const at = lower[rule].indexOf(word);
      if (at >= 0) marks[rule] = at === 0 || lower[rule][at - 1] === " " ? 16 : 8;
      else if (marks[rule] === 0 && pages[rule].includes(word)) marks[rule] = 8;
    }
    remembered.set(word, marks);
    return marks;
  }

  /** The words of what is searched for; one that nothing has, in its parts (serial-console). */
  function terms(query) {
    const all = query.toLowerCase().match(/[\p{L}\p{N}_@]+(?:[._-]+[\p{L}\p{N}_@]+)*/gu) ?? [];
    const rare = all.filter((word) => !common.has(word));
    const wanted = (rare.length ? rare : all).map((word) => word.slice(0, 40));
    return [...new Set(wanted.flatMap((word) => (scores(word).some(Boolean) ? [word] : word.split(/[._-]+/))))];
  }

  /** The rules that have every word, each with its score; null where nothing is searched for. */
  function searched(query) {
    const wanted = terms(query);
    if (!wanted.length) return query.trim() ? new Uint16Array(total) : null;
    const sum = new Uint16Array(total).fill(1);
    for (const word of wanted) {
      const marks = scores(word);
      for (let rule = 0; rule < total; rule++) sum[rule] = sum[rule] && marks[rule] ? sum[rule] + marks[rule] : 0;
    }
    const phrase = query.trim().toLowerCase();
    for (let rule = 0; rule < total; rule++) if (sum[rule] && lower[rule].includes(phrase)) sum[rule] += 32;
    return sum;
  }

  // ----------------------------------------------------------------- facets

  /** Technique T1078 has its sub-techniques T1078.001 and so on. */
  function numbers(facet) {
    const { values } = columns[facet];
    const wanted = chosen.get(facet);
    return new Set(
      values.flatMap((value, number) =>
        wanted.has(value) || (facet === "technique" && wanted.has(value.split(".")[0])) ? [number] : [],
      ),
    );
  }

  /** The facets that are offered now. */
  function shown() {
    return Object.keys(FACETS).filter((facet) => !HIDDEN.has(facet) || chosen.get(facet).size);
  }

  /** The rules that pass, and for each value of a facet how many rules there would be with it. */
  function filtered(sum) {
    const filters = [...chosen].filter(([, values]) => values.size).map(([facet]) => [facet, numbers(facet)]);
    const counts = Object.fromEntries(shown().map((facet) => [facet, new Uint32Array(columns[facet].values.length)]));
    const passed = [];
    const alone = []; // the rules that one facet only keeps out, each with that facet
    for (let rule = 0; rule < total; rule++) {
      if (sum && !sum[rule]) continue;
      const failed = filters.filter(([facet, wanted]) => !columns[facet].of[rule].some((one) => wanted.has(one)));
      if (!failed.length) passed.push(rule);
      else if (failed.length === 1) alone.push([failed[0][0], rule]);
    }
    for (const [facet, count] of Object.entries(counts)) {
      const { of } = columns[facet];
      for (const rule of passed) for (const one of of[rule]) count[one]++;
      for (const [kept, rule] of alone) if (kept === facet) for (const one of of[rule]) count[one]++;
    }
    return [passed, counts];
  }

  function ordered(rules, sum) {
    const severity = columns.severity.of;
    const by = {
      best: (a, b) => (sum ? sum[b] - sum[a] : 0) || a - b,
      name: (a, b) => a - b,
      severity: (a, b) => severity[a][0] - severity[b][0] || a - b,
      alerts: (a, b) => INDEX.alerts[b] - INDEX.alerts[a] || a - b,
    };
    return rules.sort(by[sort]);
  }

  // --------------------------------------------------------------- the page

  function made(tag, className, content) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (content !== undefined) node.textContent = content;
    return node;
  }

  function many(count, one) {
    return `${count.toLocaleString("en")} ${one}${count === 1 ? "" : "s"}`;
  }

  function valuesOf(facet, rule) {
    const { values, of } = columns[facet];
    return of[rule].map((number) => values[number]);
  }

  function row(rule) {
    const item = made("li");
    const head = made("p", "name");
    const link = made("a", "", INDEX.names[rule]);
    link.href = `rules/${INDEX.pages[rule]}.html`;
    const [severity] = valuesOf("severity", rule);
    head.append(link, " ", made("span", `severity ${severity}`, severity));
    const [state] = valuesOf("cases", rule);
    const facts = made("p", "muted");
    const said = [valuesOf("type", rule), valuesOf("tactic", rule), valuesOf("source", rule)];
    facts.append(said.filter((one) => one.length).map((one) => one.join(", ")).join(" · "), " ");
    if (state !== "not proved") facts.append(made("span", `state ${state}`, state));
    if (INDEX.alerts && INDEX.alerts[rule] >= 0) facts.append(" ", made("span", "alerts", many(INDEX.alerts[rule], "alert")));
    item.append(head, made("p", "summary", INDEX.summaries[rule]), facts);
    return item;
  }

  function draw(from) {
    const shown = found.slice(from, limit).map(row);
    if (from) get("results").append(...shown);
    else get("results").replaceChildren(...shown);
    const left = found.length - limit;
    get("more").hidden = left <= 0;
    get("more").textContent = `Show ${Math.min(left, PAGE * 2).toLocaleString("en")} more of ${left.toLocaleString("en")}`;
    return shown;
  }

  function facetOf(facet) {
    const { values } = columns[facet];
    const group = made("fieldset");
    group.id = `facet-${facet}`;
    group.append(made("legend", "", FACETS[facet]));
    const rows = values.map((value) => {
      const label = made("label");
      const box = made("input");
      box.type = "checkbox";
      box.value = value;
      box.name = facet;
      label.append(box, made("span", "value", value), made("span", "muted number"));
      group.append(label);
      return { box, label, count: label.lastChild };
    });
    const more = made("button", "quiet");
    more.type = "button";
    group.append(more);
    const shape = { group, rows, more, open: false };
    more.addEventListener("click", () => {
      shape.open = !shape.open;
      update();
    });
    return shape;
  }

  const shapes = Object.fromEntries(Object.keys(FACETS).map((facet) => [facet, facetOf(facet)]));

  function drawFacet(facet, counts) {
    const { group, rows, more, open } = shapes[facet];
    const wanted = chosen.get(facet);
    const offered = rows.filter(({ box }, number) => counts[number] > 0 || wanted.has(box.value)).length;
    let room = open || offered < SHOWN + SPARE ? Infinity : SHOWN;
    let left = 0;
    rows.forEach(({ box, label, count }, number) => {
      const own = wanted.has(box.value);
      const there = counts[number] > 0 || own;
      const hidden = !own && (!there || room <= 0);
      if (label.hidden !== hidden) label.hidden = hidden;
      if (there && hidden) left++;
      if (hidden) return;
      room--;
      if (box.checked !== own) box.checked = own;
      const said = counts[number].toLocaleString("en");
      if (count.textContent !== said) count.textContent = said;
    });
    more.hidden = !left && !open;
    more.textContent = open ? "fewer" : `${left} more`;
    more.setAttribute("aria-label", `${open ? "Fewer" : `${left} more`} values of ${FACETS[facet]}`);
    group.hidden = !wanted.size && offered < 2;
  }

  function update() {
    const sum = searched(get("search").value);
    const [passed, counts] = filtered(sum);
    found = ordered(passed, sum);
    limit = PAGE;
    draw(0);
    for (const facet of Object.keys(FACETS)) {
      if (counts[facet]) drawFacet(facet, counts[facet]);
      else shapes[facet].group.hidden = true;
    }
    const number = [...chosen.values()].reduce((count, values) => count + values.size, 0);
    const all = found.length === total ? "" : ` of ${total.toLocaleString("en")}`;
    get("count").textContent = found.length
      ? `${found.length.toLocaleString("en")}${all} rule${total === 1 ? "" : "s"}`
      : "No rule is like this";
    get("chosen").textContent = number ? ` (${number})` : "";
    get("clear").hidden = !number;
  }

  // ------------------------------------------------------------ the address

  function keep() {
    const said = new URLSearchParams();
    const query = get("search").value.trim();
    if (query) said.set("q", query);
    for (const [facet, values] of chosen) for (const value of values) said.append(facet, value);
    if (sort !== "best") said.set("sort", sort);
    history.replaceState(null, "", `#${said}`);
  }

  function recall() {
    const said = new URLSearchParams(location.hash.slice(1));
    get("search").value = said.get("q") ?? "";
    for (const [facet, values] of chosen) {
      values.clear();
      for (const value of said.getAll(facet)) {
        const known = columns[facet].values;
        if (known.includes(value) || (facet === "technique" && known.some((one) => one.startsWith(`${value}.`)))) values.add(value);
      }
    }
    sort = said.get("sort") in SORTS ? said.get("sort") : "best";
    get("sort").value = sort;
    update();
  }

  // ------------------------------------------------------------------- keys

  function move(event) {
    const links = [...document.querySelectorAll("#results .name a")];
    const at = links.indexOf(document.activeElement);
    const search = document.activeElement === get("search");
    if (event.key === "/" && !search && !event.ctrlKey && !event.metaKey && !event.altKey) {
      get("search").focus();
      get("search").select();
    } else if (event.key === "ArrowDown" && (search || at >= 0)) (links[at + 1] ?? links.at(-1))?.focus();
    else if (event.key === "ArrowUp" && at >= 0) (links[at - 1] ?? get("search")).focus();
    else if (event.key === "Escape" && (search || at >= 0)) {
      get("search").value = "";
      get("search").focus();
      update();
      keep();
    } else return;
    event.preventDefault();
  }

  // ------------------------------------------------------------------ begin

  get("facets").append(...Object.values(shapes).map(({ group }) => group));
  for (const [value, name] of Object.entries(SORTS)) {
    const option = made("option", "", name);
    option.value = value;
    get("sort").append(option);
  }
  get("facets").addEventListener("submit", (event) => event.preventDefault());
  get("facets").addEventListener("change", ({ target }) => {
    if (target.checked) chosen.get(target.name).add(target.value);
    else chosen.get(target.name).delete(target.value);
    update();
    keep();
  });
  get("search").addEventListener("input", () => {
    update();
    keep();
  });
  get("sort").addEventListener("change", () => {
    sort = get("sort").value;
    update();
    keep();
  });
  get("clear").addEventListener("click", () => {
    for (const values of chosen.values()) values.clear();
    update();
    keep();
    get("search").focus();
  });
  get("more").addEventListener("click", () => {
    const from = limit;
    limit += PAGE * 2;
    draw(from)[0]?.querySelector("a").focus();
  });
  addEventListener("hashchange", recall);
  addEventListener("beforeprint", () => {
    const from = limit;
    limit = found.length;
    if (from < limit) draw(from);
  });
  document.addEventListener("keydown", move);
  if (matchMedia("(max-width: 48rem)").matches) document.querySelector("details.facets").open = false;
  document.querySelector(".catalogue").hidden = false;
  recall();
})();
