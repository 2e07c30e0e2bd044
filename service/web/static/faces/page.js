// The search page: the element of `widget.js`, beside it what narrows the search down; its state is the address.

import { Client, Latest } from "./client.js";
import { element, fill } from "./dom.js";
import { Facets } from "./facets.js";
import { keyForm, keyOfPage, mayTypeKey } from "./key.js";
import { pageWordsOf } from "./page_words.js";
import { addressOf, filtersOf, stateOf } from "./state.js";
import { dayIn, LANGUAGES } from "./words.js";
import "./widget.js";

/** @typedef {import("./state.js").State} State */

class Page {
  state = stateOf(location.href);
  key = keyOfPage();
  #narrowing = new Latest();
  /** @type {Map<string, Record<string, string>>} names of acts by key and language */
  #names = new Map();
  #narrow = matchMedia("(max-width: 60rem)");

  constructor() {
    this.main = /** @type {HTMLElement} */ (document.querySelector(".main"));
    this.side = /** @type {HTMLElement} */ (document.querySelector(".side"));
    this.columns = /** @type {HTMLElement} */ (this.main.parentElement);
    this.chips = element("div", { class: "chips", slot: "under" });
    this.finder = /** @type {import("./widget.js").FundstelleSearch} */ (document.createElement("fundstelle-search"));
    this.finder.addEventListener("fundstelle-ask", (event) => {
      this.state.q = /** @type {CustomEvent} */ (event).detail.question;
      this.about?.remove();
      this.keep();
    });
    this.finder.addEventListener("fundstelle-trouble", (event) => {
      if (/** @type {CustomEvent} */ (event).detail.kind === "key") this.askKey();
    });
    this.#narrow.addEventListener("change", () => this.arrange());
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
    // An address may be written in several ways; what says the same is no further step.
    if (address !== addressOf(stateOf(location.href))) history.pushState(null, "", address);
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
    this.about = state.q ? null : element("p", { class: "about" }, words.about);
    if (this.panel?.lang !== lang) {
      this.panel = new Facets(this.side, words, lang, (change) => {
        Object.assign(this.state, change);
        this.changed();
      });
    }
    if (this.found) this.panel.show(this.found, state, (key) => this.nameOf(key));
    fill(this.main, finder, this.about);
    this.arrange();
    this.languages();
    this.narrow();
    if (!state.q) this.examples();
  }

  /** What narrows down is beside the answer, or, where there is no room, between question and answer. */
  arrange() {
    const under = this.#narrow.matches;
    if (under) this.side.slot = "under";
    else this.side.removeAttribute("slot");
    (under ? this.finder : this.columns).append(this.side);
    this.finder.prepend(this.chips);
  }

  /** @param {string} key of an act */
  nameOf(key) {
    return this.#names.get(key)?.[this.lang] ?? key;
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
        .map((/** @type {any} */ it) => words.questions[it.aspects[0]]?.(it.names[lang] ?? it.key)).filter(Boolean);
      if (!this.state.q && questions.length) this.finder.setAttribute("examples", questions.join("|"));
    } catch (error) {
      if (/** @type {any} */ (error).kind === "key") this.askKey();
    }
  }

  /** Below what the service said; the question stays, and is put again with the key. */
  askKey() {
    if (!mayTypeKey() || this.main.querySelector("form.key")) return;
    this.about?.remove();
    this.main.append(keyForm(this.words, (key) => {
      this.key = key;
      this.show();
    }));
    this.main.querySelector("input")?.focus();
  }

  async narrow() {
    this.showChips();
    let found;
    try {
      const client = new Client(location.origin, this.key);
      found = await this.#narrowing.run((signal) => client.call("v1/facets", { body: { filters: filtersOf(this.state) }, signal }));
    } catch {
      // Narrowing down is an extra: that something is wrong is told where the answer would be.
      return;
    }
    if (!found) return;
    this.found = found;
    const before = this.#names.size;
    for (const { value, names } of found.references) this.#names.set(value, names);
    if (this.#names.size > before) this.showChips();
    this.panel?.show(found, this.state, (key) => this.nameOf(key));
  }

  showChips() {
    const { state, words, lang } = this;
    /** @type {[string, Partial<State>][]} */
    const set = [
      ...state.references.map((value) => /** @type {[string, Partial<State>]} */ ([this.nameOf(value), { references: state.references.filter((it) => it !== value) }])),
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
            /** @type {HTMLElement|null} */ (this.chips.querySelector("button") ?? this.side.querySelector("summary"))?.focus();
          },
        }, element("bdi", {}, text), element("span", { "aria-hidden": "true" }, " ×")),
      ),
    );
    this.chips.hidden = set.length === 0;
  }
}

new Page();
