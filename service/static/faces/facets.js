// What narrows the search down: acts, places and periods, each with the number of its documents.

import { element, fill, foreign } from "./dom.js";

/** Values shown of each until more are asked for. */
const FEW = 6;

/**
 * @param {HTMLElement} side what to fill
 * @param {any} found reply of /v1/facets
 * @param {{references: string[], places: string[], from: string, to: string}} state
 * @param {import("./page_words.js").PageWords} words
 * @param {import("./words.js").Lang} lang
 * @param {(change: object) => void} change
 */
export function facetsView(side, found, state, words, lang, change) {
  const opened = side.querySelector("details")?.open ?? matchMedia("(min-width: 60rem)").matches;
  const expanded = new Set([...side.querySelectorAll("fieldset.expanded")].map((it) => it.id));
  const focused = /** @type {HTMLElement|null} */ (side.contains(document.activeElement) ? document.activeElement : null)?.id;
  const toggled = (/** @type {string[]} */ values, /** @type {string} */ value) =>
    values.includes(value) ? values.filter((it) => it !== value) : [...values, value];
  const facet = (/** @type {string} */ id, /** @type {string} */ title, /** @type {[string, string, number, boolean][]} */ values, /** @type {(value: string) => void} */ toggle, /** @type {any} */ after) =>
    facetView(id, title, values, toggle, words, expanded.has(id), after);
  fill(
    side,
    element(
      "details",
      { open: opened },
      element("summary", {}, element("h2", {}, words.filters), element("span", { class: "count" }, words.documents(found.documents))),
      facet("facet-reference", words.reference,
        rows(found.references.map((/** @type {any} */ it) => [it.value, it.names[lang] ?? it.value, it.documents]), state.references),
        (value) => change({ references: toggled(state.references, value) }), null),
      facet("facet-place", words.place,
        rows(found.places.map((/** @type {any} */ it) => [it.value, it.value, it.documents]), state.places),
        (value) => change({ places: toggled(state.places, value) }), null),
      facet("facet-period", words.period,
        found.periods.map((/** @type {any} */ it) => [it.value, periodIn(it.value, lang), it.documents, it.first === state.from && it.last === state.to]),
        (value) => {
          const period = found.periods.find((/** @type {any} */ it) => it.value === value);
          const same = period.first === state.from && period.last === state.to;
          change(same ? { from: "", to: "" } : { from: period.first, to: period.last });
        },
        element("div", { class: "days" }, dayField("from", words.from, state.from, (from) => change({ from })), dayField("to", words.to, state.to, (to) => change({ to })))),
    ),
  );
  if (focused) document.getElementById(focused)?.focus();
}

/**
 * With what is set although no document has it.
 *
 * @param {[string, string, number][]} values
 * @param {string[]} chosen
 * @returns {[string, string, number, boolean][]}
 */
function rows(values, chosen) {
  const known = new Set(values.map(([value]) => value));
  const gone = chosen.filter((value) => !known.has(value)).map((value) => /** @type {[string, string, number]} */ ([value, value, 0]));
  return [...values, ...gone].map(([value, text, count]) => [value, text, count, chosen.includes(value)]);
}

/**
 * @param {string} id
 * @param {string} title
 * @param {[string, string, number, boolean][]} values value, name, documents, whether chosen
 * @param {(value: string) => void} toggle
 * @param {import("./page_words.js").PageWords} words
 * @param {boolean} expanded
 * @param {Node|null} after
 */
function facetView(id, title, values, toggle, words, expanded, after) {
  if (values.length === 0) return null;
  const list = element("ul", {}, values.map(([value, text, count, chosen], number) => {
    const box = element("input", { type: "checkbox", id: `${id}-${number}`, onchange: () => toggle(value) });
    /** @type {HTMLInputElement} */ (box).checked = chosen;
    return element("li", { class: number >= FEW && !chosen && "more" }, box,
      element("label", { for: box.id }, foreign(text), element("span", { class: "count" }, element("span", { "aria-hidden": "true" }, String(count)), element("span", { class: "unseen" }, ` ${words.documents(count)}`))));
  }));
  const field = element("fieldset", { id, class: expanded && "expanded" }, element("legend", {}, title), list);
  if (values.length > FEW) {
    const button = element("button", { type: "button", "aria-expanded": String(expanded) }, expanded ? words.fewer : words.all);
    button.addEventListener("click", () => {
      const all = field.classList.toggle("expanded");
      button.setAttribute("aria-expanded", String(all));
      button.textContent = all ? words.fewer : words.all;
    });
    field.append(button);
  }
  if (after) field.append(after);
  return field;
}

/**
 * @param {string} id
 * @param {string} label
 * @param {string} value
 * @param {(value: string) => void} set
 */
function dayField(id, label, value, set) {
  const input = /** @type {HTMLInputElement} */ (element("input", { type: "date", id: `day-${id}`, value }));
  input.addEventListener("change", () => set(input.value));
  return element("label", { for: input.id }, label, input);
}

/**
 * A month or a year as it is written.
 *
 * @param {string} value
 * @param {string} lang
 */
function periodIn(value, lang) {
  const date = value.length === 7 ? new Date(`${value}-15T12:00:00Z`) : null;
  if (!date || Number.isNaN(date.getTime())) return value;
  return new Intl.DateTimeFormat(lang === "en" ? "en-GB" : lang, { month: "long", year: "numeric", timeZone: "UTC" }).format(date);
}
