// The search page: the element of `widget.js`, beside it what narrows the search down; its state is the address.

import { Client, Latest, Trouble } from "./client.js";
import { element, fill } from "./dom.js";
import { facetsView } from "./facets.js";
import { keyForm, keyOfPage } from "./key.js";
import { pageWordsOf } from "./page_words.js";
import { dayIn, LANGUAGES } from "./words.js";
import "./widget.js";

/** @typedef {{q: string, lang: string|null, references: string[], places: string[], from: string, to: string}} State */

/** @param {string} address @returns {State} */
function stateOf(address) {
  const given = new URL(address).searchParams;
  const day = (/** @type {string} */ name) => (/^\d{4}-\d\d-\d\d$/.test(given.get(name) ?? "") ? /** @type {string} */ (given.get(name)) : "");
  return { q: (given.get("q") ?? "").slice(0, 2000), lang: given.get("lang"), references: given.getAll("reference"), places: given.getAll("place"), from: day("from"), to: day("to") };
}

/** @param {State} state */
function addressOf({ q, lang, references, places, from, to }) {
  const given = new URLSearchParams();
  if (q) given.set("q", q);
  if (lang) given.set("lang", lang);
  references.forEach((value) => given.append("reference", value));
  places.forEach((value) => given.append("place", value));
  if (from) given.set("from", from);
  if (to) given.set("to", to);
  const text = String(given);
  return text ? `/?${text}` : "/";
}

/** @param {State} state */
function filtersOf({ references, places, from, to }) {
  return { ...(references.length && { references }), ...(places.length && { places }), ...(from && { published_from: from }), ...(to && { published_to: to }) };
}

class Page {
  state = stateOf(location.href);
  facets = new Latest();
  key = keyOfPage();

  constructor() {
    this.main = /** @type {HTMLElement} */ (document.querySelector(".main"));
    this.side = /** @type {HTMLElement} */ (document.querySelector(".side"));
    this.chips = element("div", { class: "chips" });
    this.finder = /** @type {import("./widget.js").FundstelleSearch} */ (document.createElement("fundstelle-search"));
    this.finder.addEventListener("fundstelle-ask", (event) => {
      this.state.q = /** @type {CustomEvent} */ (event).detail.question;
      this.keep();
    });
    addEventListener("popstate", () => {
      this.state = stateOf(location.href);
      this.show();
    });
    this.show();
  }

  get words() {
    return pageWordsOf(this.state.lang, ...navigator.languages).words;
  }

  get lang() {
    return pageWordsOf(this.state.lang, ...navigator.languages).lang;
  }

  /** Put the state into the address, as a step that one can go back from. */
  keep() {
    const address = addressOf(this.state);
    if (address !== location.pathname + location.search) history.pushState(null, "", address);
    this.title();
  }

  title() {
    document.title = this.state.q ? `${this.state.q} · Fundstelle` : "Fundstelle";
  }

  /** Everything anew, as the state says. */
  show() {
    const { words, lang, finder, state } = this;
    document.documentElement.lang = lang;
    this.title();
    finder.filters = filtersOf(state);
    finder.asked = state.q;
    finder.remove();
    finder.setAttribute("lang", lang);
    finder.setAttribute("key", this.key);
    fill(this.main, finder, !state.q && element("p", { class: "about" }, words.about));
    finder.form?.after(this.chips);
    this.languages();
    this.narrow();
    if (!state.q) this.examples();
  }

  /** The same question within other bounds. */
  changed() {
    this.finder.filters = filtersOf(this.state);
    this.keep();
    this.narrow();
    if (this.state.q) this.finder.ask(this.state.q);
  }

  languages() {
    const nav = /** @type {HTMLElement} */ (document.querySelector(".languages"));
    nav.setAttribute("aria-label", this.words.language);
    fill(
      nav,
      LANGUAGES.map((lang) =>
        element("a", {
          href: addressOf({ ...this.state, lang }), lang, hreflang: lang, "aria-current": lang === this.lang && "true", title: this.words.languages[lang],
          onclick: (/** @type {Event} */ event) => {
            event.preventDefault();
            this.state.lang = lang;
            this.keep();
            this.show();
          },
        }, lang.toUpperCase()),
      ),
    );
  }

  async examples() {
    try {
      const { references } = await this.finder.suggestions();
      const { words, lang } = this;
      const questions = references.filter((/** @type {any} */ it) => it.aspects.length).slice(0, 3)
        .map((/** @type {any} */ it) => words.questions[it.aspects[0]](it.names[lang] ?? it.key));
      if (!this.state.q && questions.length) this.finder.setAttribute("examples", questions.join("|"));
    } catch (error) {
      if (error instanceof Trouble && error.kind === "key" && !keyOfPage()) this.askKey();
    }
  }

  askKey() {
    fill(this.main, keyForm(this.words, (key) => {
      this.key = key;
      this.show();
    }));
  }

  async narrow() {
    const { words, lang, state, side } = this;
    this.showChips();
    let found;
    try {
      const client = new Client(location.origin, this.key);
      found = await this.facets.run((signal) => client.facets(filtersOf(state), signal));
    } catch {
      // Narrowing down is an extra: that something is wrong is told where the answer would be.
      side.hidden = true;
      return;
    }
    if (!found) return;
    side.hidden = false;
    facetsView(side, found, state, words, lang, (change) => {
      Object.assign(state, change);
      this.changed();
    });
  }

  showChips() {
    const { state, words, lang } = this;
    /** @type {[string, Partial<State>][]} */
    const set = [
      ...state.references.map((value) => /** @type {[string, Partial<State>]} */ ([value, { references: state.references.filter((it) => it !== value) }])),
      ...state.places.map((value) => /** @type {[string, Partial<State>]} */ ([value, { places: state.places.filter((it) => it !== value) }])),
    ];
    if (state.from || state.to) {
      const text = [state.from && `${words.from} ${dayIn(state.from, lang)}`, state.to && `${words.to} ${dayIn(state.to, lang)}`];
      set.push([text.filter(Boolean).join(" "), { from: "", to: "" }]);
    }
    fill(
      this.chips,
      set.map(([text, change]) =>
        element("button", {
          type: "button", class: "active", "aria-label": words.without(text),
          onclick: () => {
            Object.assign(this.state, change);
            this.changed();
            this.finder.focus();
          },
        }, element("bdi", {}, text), element("span", { "aria-hidden": "true" }, " ×")),
      ),
    );
    this.chips.hidden = set.length === 0;
    if (this.finder.isConnected && this.chips.parentNode !== this.main) this.main.insertBefore(this.chips, this.finder.nextSibling);
  }
}

new Page();
