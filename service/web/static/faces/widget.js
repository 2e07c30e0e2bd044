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
 * `service` (address, where it is not that of the script). Slot: `under` (beneath the field). Events: `fundstelle-ask`
 * (before), `fundstelle-answer` (after; `detail` is the reply), `fundstelle-trouble` (instead; `detail.kind`).
 */
export class FundstelleSearch extends HTMLElement {
  static observedAttributes = ["lang", "key", "placeholder", "examples", "service"];
  /** Restrictions of the search, as `filters` of the API. */
  filters = {};
  asked = "";
  #latest = new Latest();
  // Without delegatesFocus: by that a click on what is said would lead into the field.
  #root = this.attachShadow({ mode: "open" });
  #id = `fundstelle-${++made}`;

  connectedCallback() {
    this.#root.adoptedStyleSheets = [look()];
    this.#build(this.asked);
  }

  disconnectedCallback() {
    this.#latest.stop();
  }

  /** @param {string} name @param {string|null} before @param {string|null} now */
  attributeChangedCallback(name, before, now) {
    if (before === now || !this.isConnected || !this.input) return;
    // Somebody may be typing already: the field stays, where it can.
    if (name === "examples") this.#examples();
    else if (name === "placeholder") this.input.placeholder = now ?? this.words.placeholder;
    else {
      const focused = this.#root.activeElement === this.input;
      this.#build(this.input.value);
      if (focused) this.input.focus();
    }
  }

  /** @param {FocusOptions} [options] */
  focus(options) {
    this.input?.focus(options);
  }

  /** What the documents name; asked for once. */
  suggestions() {
    return this.client.suggestions();
  }

  /** @param {string} typed */
  #build(typed) {
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
    this.input.value = typed;
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
    this.place = element("div", { class: "place", tabindex: "-1" });
    this.below = element("div", { class: "below" });
    fill(this.#root, element("div", { lang, class: "all" }, this.form, element("slot", { name: "under" }), this.status, this.said, this.place, this.below));
    this.suggesting = new Suggestions(this.input, list, {
      load: async () => questionsOn(await this.suggestions(), words, lang),
      choose: (text) => this.ask(text),
      tell: (count) => this.#tell(words.suggested(count)),
    });
    this.#examples();
    if (this.asked) this.ask(this.asked, 0, typed);
  }

  #examples() {
    if (this.asked) return;
    const examples = (this.getAttribute("examples") ?? "").split("|").map((it) => it.trim()).filter(Boolean);
    fill(
      this.place,
      examples.length > 0 && element("p", { class: "label", id: `${this.#id}-examples` }, this.words.examples),
      examples.length > 0 && element(
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
   * @param {string} [typed] what stays in the field, where that is another
   */
  async ask(question, attempt = 0, typed = question) {
    const text = question.trim();
    if (!text) {
      this.input.focus();
      return;
    }
    this.asked = text;
    this.input.value = typed === question ? text : typed;
    this.suggesting?.hide();
    this.#fire("ask", { question: text });
    const { words, client, filters } = this;
    this.#waiting(true);
    const slow = setTimeout(() => this.#tell(words.slowly, true), SLOW * 1000);
    const mine = (this.turn = {});
    try {
      const reply = await this.#latest.run((signal) => this.#both({ question: text, filters }, signal));
      if (reply) this.#fire("answer", reply);
    } catch (error) {
      if (mine !== this.turn) return;
      const box = troubleBox(error, words, (failed) => this.ask(text, failed, this.input.value), attempt);
      this.#show(box);
      this.#tell(box.firstElementChild?.textContent ?? "");
      this.#fire("trouble", { kind: box.dataset.kind });
    } finally {
      clearTimeout(slow);
      if (mine === this.turn) this.#waiting(false);
    }
  }

  /** @param {{question: string, filters: object}} body @param {AbortSignal} signal */
  async #both(body, signal) {
    const { words, language, client } = this;
    const search = () => client.search({ query: body.question, top_k: HITS, filters: body.filters }, signal).catch((error) => error);
    const searching = search();
    const reply = await client.ask(body, signal);
    const known = reply.status === "answered" ? null : await this.suggestions().catch(() => null);
    if (signal.aborted) return reply;
    /** @type {import("./answer.js").Use} */
    const use = { client, words, lang: language, id: this.#id, ask: (text) => this.ask(text), tell: (said) => this.#tell(said) };
    this.#show(answerView(reply, use, known));
    this.#tell(reply.status === "answered" ? words.answered(reply.statements.length) : `${words.refused} ${reply.answer.split("\n")[0]}`);
    // The answer need not wait for what stands below it, and stays when that fails.
    const below = async (/** @type {Promise<any>} */ coming, attempt = 0) => {
      const found = await coming;
      if (signal.aborted) return;
      const failed = found instanceof Error;
      fill(this.below, failed ? troubleBox(found, words, (count) => below(search(), count), attempt) : hitsView(found.hits, reply, use));
    };
    below(searching);
    return reply;
  }

  /** @param {HTMLElement} view */
  #show(view) {
    const inside = this.place.contains(this.#root.activeElement) || this.below.contains(this.#root.activeElement);
    fill(this.place, view);
    fill(this.below);
    // The button that was pressed is gone; who goes on by keyboard goes on from here.
    if (inside) this.place.focus();
  }

  /** @param {string} name @param {any} detail */
  #fire(name, detail) {
    this.dispatchEvent(new CustomEvent(`fundstelle-${name}`, { detail, bubbles: true, composed: true }));
  }

  /** @param {boolean} is */
  #waiting(is) {
    this.place.setAttribute("aria-busy", String(is));
    this.status.textContent = is ? this.words.asking : "";
    this.status.classList.toggle("busy", is);
  }

  /** @param {string} said @param {boolean} [seen] also to those who look */
  #tell(said, seen = false) {
    // What is the same as before would not be read out again.
    this.said.textContent = said === this.said.textContent ? `${said}\u00a0` : said;
    if (seen) this.status.textContent = said;
  }
}

if (!customElements.get("fundstelle-search")) customElements.define("fundstelle-search", FundstelleSearch);
