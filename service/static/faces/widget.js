// <fundstelle-search>: ask, read the answer with its places, open each place; on any page, in its own shadow.

import { answerView, hitsView } from "./answer.js";
import { Client, Latest, SLOW } from "./client.js";
import { element, fill, sign } from "./dom.js";
import { look } from "./look.js";
import { questionsOn, Suggestions } from "./suggest.js";
import { troubleBox } from "./trouble.js";
import { wordsOf } from "./words.js";

const HOME = new URL("../../", import.meta.url).href;
const MAGNIFIER = "M9 3.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 0 1 0-11ZM13.2 13.2 17 17";
const HITS = 10;
let made = 0;

/**
 * Attributes: `key`, `lang`, `placeholder`, `examples` (questions with `|` between them), `scheme` (`light`, `dark`),
 * `service` (address, where it is not that of the script). Events: `fundstelle-ask` (before), `fundstelle-answer`
 * (after; `detail` is the reply).
 */
export class FundstelleSearch extends HTMLElement {
  static observedAttributes = ["lang", "key", "placeholder", "examples", "service"];
  /** Restrictions of the search, as `filters` of the API. */
  filters = {};
  asked = "";
  #latest = new Latest();
  #root = this.attachShadow({ mode: "open", delegatesFocus: true });
  #id = `fundstelle-${++made}`;

  connectedCallback() {
    this.#root.adoptedStyleSheets = [look()];
    this.#build();
  }

  disconnectedCallback() {
    this.#latest.stop();
  }

  attributeChangedCallback() {
    if (this.isConnected && this.form) this.#build();
  }

  /** What the documents name; asked for once. */
  suggestions() {
    return this.client.suggestions();
  }

  #build() {
    const { lang, words } = wordsOf(this.getAttribute("lang"), document.documentElement.lang, ...navigator.languages);
    this.language = lang;
    this.words = words;
    this.client = new Client(this.getAttribute("service") ?? HOME, this.getAttribute("key") ?? "");
    const list = element("ul", { id: `${this.#id}-list`, role: "listbox", class: "list", part: "suggestions", "aria-label": words.examples, hidden: true });
    this.input = /** @type {HTMLInputElement} */ (
      element("input", {
        type: "search", name: "q", part: "input", role: "combobox", autocomplete: "off", autocapitalize: "sentences", enterkeyhint: "search",
        spellcheck: "false", maxlength: "2000", dir: "auto",
        placeholder: this.getAttribute("placeholder") ?? words.placeholder,
        "aria-label": words.question, "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id,
      })
    );
    this.input.value = this.asked;
    this.form = element(
      "form",
      { role: "search", "aria-label": words.search, part: "form", class: "form" },
      element("div", { class: "field" }, sign(MAGNIFIER), this.input, list),
      element("button", { type: "submit", class: "primary", part: "button" }, words.ask),
    );
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.ask(/** @type {HTMLInputElement} */ (this.input).value);
    });
    this.status = element("p", { role: "status", class: "status", part: "status" });
    this.said = element("p", { class: "unseen", "aria-live": "polite" });
    this.place = element("div", { class: "place" });
    this.below = element("div", { class: "below" });
    fill(this.#root, element("div", { lang, class: "all" }, this.form, this.status, this.said, this.place, this.below));
    this.suggesting = new Suggestions(this.input, list, {
      load: async () => questionsOn(await this.suggestions(), words, lang),
      choose: (text) => this.ask(text),
      tell: (count) => this.#tell(words.suggested(count)),
    });
    this.#examples();
    if (this.asked) this.ask(this.asked);
  }

  #examples() {
    const examples = (this.getAttribute("examples") ?? "").split("|").map((it) => it.trim()).filter(Boolean);
    if (examples.length === 0) return;
    fill(
      this.place,
      element("p", { class: "label", id: `${this.#id}-examples` }, this.words.examples),
      element(
        "ul",
        { class: "examples", "aria-labelledby": `${this.#id}-examples` },
        examples.map((text) => element("li", {}, element("button", { type: "button", class: "chip", onclick: () => this.ask(text) }, text))),
      ),
    );
  }

  /**
   * Put a question; an answer that comes later than that to a newer one is not shown.
   *
   * @param {string} question
   * @param {number} [attempt] how many failed before this one
   */
  async ask(question, attempt = 0) {
    const text = question.trim();
    if (!text) {
      this.input.focus();
      return;
    }
    this.asked = this.input.value = text;
    this.suggesting?.hide();
    this.dispatchEvent(new CustomEvent("fundstelle-ask", { detail: { question: text }, bubbles: true, composed: true }));
    const { words, client, filters } = this;
    this.#waiting(true);
    const slow = setTimeout(() => this.#tell(words.slowly, true), SLOW * 1000);
    const mine = (this.turn = {});
    try {
      const reply = await this.#latest.run((signal) => this.#both({ question: text, filters }, signal));
      if (reply) this.dispatchEvent(new CustomEvent("fundstelle-answer", { detail: reply, bubbles: true, composed: true }));
    } catch (error) {
      if (mine !== this.turn) return;
      const box = troubleBox(error, words, (failed) => this.ask(text, failed), attempt);
      fill(this.place, box);
      fill(this.below);
      this.#tell(box.firstElementChild?.textContent ?? "");
    } finally {
      clearTimeout(slow);
      if (mine === this.turn) this.#waiting(false);
    }
  }

  /** @param {{question: string, filters: object}} body @param {AbortSignal} signal */
  async #both(body, signal) {
    const { words, language, client } = this;
    const searching = client.search({ query: body.question, top_k: HITS, filters: body.filters }, signal).catch((error) => error);
    const reply = await client.ask(body, signal);
    const known = reply.status === "answered" ? null : await this.suggestions().catch(() => null);
    if (signal.aborted) return reply;
    const use = { client, words, lang: language, id: this.#id, ask: (/** @type {string} */ text) => this.ask(text), tell: (/** @type {string} */ said) => this.#tell(said) };
    fill(this.place, answerView(reply, use, known));
    fill(this.below);
    this.#tell(reply.status === "answered" ? words.answered(reply.statements.length) : `${words.refused} ${reply.answer.split("\n")[0]}`);
    const found = await searching;
    if (signal.aborted) return reply;
    if (found instanceof Error) fill(this.below, troubleBox(found, words, () => this.ask(body.question)));
    else fill(this.below, hitsView(found.hits, use, reply.status !== "answered"));
    return reply;
  }

  /** @param {boolean} is */
  #waiting(is) {
    this.place.setAttribute("aria-busy", String(is));
    this.status.textContent = is ? this.words.asking : "";
    this.status.classList.toggle("busy", is);
  }

  /** @param {string} said @param {boolean} [seen] also to those who look */
  #tell(said, seen = false) {
    this.said.textContent = said;
    if (seen) this.status.textContent = said;
  }
}

if (!customElements.get("fundstelle-search")) customElements.define("fundstelle-search", FundstelleSearch);
