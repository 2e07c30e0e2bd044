// What narrows the search down: acts, places and periods, each with the number of its documents.

import { element, fill, foreign } from "./dom.js";

/** Values shown of each until more are asked for. */
const FEW = 6;
/** Milliseconds after which a day that is being typed counts as typed. */
const PAUSE = 600;

/**
 * @typedef {import("./page_words.js").PageWords} Words
 * @typedef {{references: string[], places: string[], from: string, to: string}} Chosen
 * @typedef {[value: string, name: string, documents: number, chosen: boolean]} Row
 */

/** The column beside the answer. It is built once; what is shown in it changes, so that nothing is lost while one types. */
export class Facets {
  /**
   * @param {HTMLElement} side what to fill
   * @param {Words} words
   * @param {import("./words.js").Lang} lang
   * @param {(change: Partial<Chosen>) => void} change
   */
  constructor(side, words, lang, change) {
    this.side = side;
    this.words = words;
    this.lang = lang;
    this.change = change;
    this.from = new Day("from", words.from, (from) => change({ from }));
    this.to = new Day("to", words.to, (to) => change({ to }));
    this.references = new Facet("facet-reference", words.reference, words);
    this.places = new Facet("facet-place", words.place, words);
    this.periods = new Facet("facet-period", words.period, words, element("div", { class: "days" }, this.from.label, this.to.label));
    this.documents = element("span", { class: "count" });
    const opened = side.querySelector("details")?.open ?? matchMedia("(min-width: 60rem)").matches;
    fill(
      side,
      element("details", { open: opened }, element("summary", {}, element("h2", {}, words.filters), this.documents), this.references.field, this.places.field, this.periods.field),
    );
  }

  /**
   * @param {any} found reply of /v1/facets
   * @param {Chosen} state
   * @param {(reference: string) => string} nameOf
   */
  show(found, state, nameOf) {
    this.documents.textContent = this.words.documents(found.documents);
    const toggled = (/** @type {string[]} */ values, /** @type {string} */ value) =>
      values.includes(value) ? values.filter((it) => it !== value) : [...values, value];
    this.references.show(rows(found.references, state.references, nameOf), (value) => this.change({ references: toggled(state.references, value) }));
    this.places.show(rows(found.places, state.places, String), (value) => this.change({ places: toggled(state.places, value) }));
    const same = (/** @type {any} */ it) => it.first === state.from && it.last === state.to;
    this.periods.show(
      found.periods.map((/** @type {any} */ it) => [it.value, periodIn(it.value, this.lang), it.documents, same(it)]),
      (value) => {
        const period = found.periods.find((/** @type {any} */ it) => it.value === value);
        this.change(same(period) ? { from: "", to: "" } : { from: period.first, to: period.last });
      },
      Boolean(state.from || state.to),
    );
    this.from.show(state.from);
    this.to.show(state.to);
    this.side.hidden = false;
  }
}

/**
 * Values with the chosen ones marked; a chosen value that no document has is still there to be given up.
 *
 * @param {{value: string, documents: number}[]} values
 * @param {string[]} chosen
 * @param {(value: string) => string} nameOf
 * @returns {Row[]}
 */
function rows(values, chosen, nameOf) {
  const known = new Set(values.map(({ value }) => value));
  const gone = chosen.filter((value) => !known.has(value)).map((value) => ({ value, documents: 0 }));
  return [...values, ...gone].map(({ value, documents }) => [value, nameOf(value), documents, chosen.includes(value)]);
}

/** The values of one kind, the most frequent first, the others when they are asked for. */
class Facet {
  /**
   * @param {string} id
   * @param {string} title
   * @param {Words} words
   * @param {Node} [after]
   */
  constructor(id, title, words, after) {
    this.id = id;
    this.words = words;
    this.list = element("ul");
    this.button = element("button", { type: "button", "aria-expanded": "false", onclick: () => this.expand(this.button.ariaExpanded !== "true") }, words.all);
    this.field = element("fieldset", { id }, element("legend", {}, title), this.list, this.button, after);
  }

  /** @param {boolean} all */
  expand(all) {
    this.field.classList.toggle("expanded", all);
    this.button.ariaExpanded = String(all);
    this.button.textContent = all ? this.words.fewer : this.words.all;
  }

  /**
   * @param {Row[]} values
   * @param {(value: string) => void} toggle
   * @param {boolean} [keep] also without values
   */
  show(values, toggle, keep = false) {
    const focused = this.list.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement).dataset.value : null;
    fill(this.list, values.map(([value, name, documents, chosen], number) => {
      const box = /** @type {HTMLInputElement} */ (element("input", { type: "checkbox", id: `${this.id}-${number}`, "data-value": value, onchange: () => toggle(value) }));
      box.checked = chosen;
      const count = element("span", { class: "count" }, element("span", { "aria-hidden": "true" }, String(documents)), element("span", { class: "unseen" }, ` ${this.words.documents(documents)}`));
      return element("li", { class: number >= FEW && !chosen && "more" }, box, element("label", { for: box.id }, foreign(name), count));
    }));
    this.button.hidden = values.length <= FEW;
    this.field.hidden = values.length === 0 && !keep;
    if (focused != null) [...this.list.querySelectorAll("input")].find((it) => it.dataset.value === focused)?.focus();
  }
}

/** A field for a day. What is typed counts when it is whole and one pauses: browsers tell of every digit. */
class Day {
  /**
   * @param {string} id
   * @param {string} label
   * @param {(value: string) => void} set
   */
  constructor(id, label, set) {
    this.value = "";
    this.input = /** @type {HTMLInputElement} */ (element("input", { type: "date", id: `day-${id}`, max: "9999-12-31" }));
    this.label = element("label", { for: this.input.id }, label, this.input);
    const commit = () => {
      clearTimeout(this.typing);
      // While a year is typed it begins with zeros.
      if (this.input.value === this.value || this.input.value.startsWith("0")) return;
      this.value = this.input.value;
      set(this.value);
    };
    this.input.addEventListener("input", () => {
      clearTimeout(this.typing);
      this.typing = setTimeout(commit, PAUSE);
    });
    this.input.addEventListener("blur", commit);
    this.input.addEventListener("keydown", (event) => event.key === "Enter" && commit());
  }

  /** @param {string} value */
  show(value) {
    if (value === this.value) return;
    this.value = value;
    clearTimeout(this.typing);
    this.input.value = value;
  }
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
