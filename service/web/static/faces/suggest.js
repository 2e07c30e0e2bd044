// Questions that the documents can answer, as suggestions while somebody types.

import { element, fill } from "./dom.js";

/** @typedef {import("./words.js").Words} Words */
/** @typedef {import("./words.js").Lang} Lang */
/** @typedef {{text: string, tokens: string[]}} Suggestion */

const MOST = 7;

/**
 * Letters without their marks and in small: `Mangel` finds `Mängel`, `nghi quyet` finds `nghị quyết`.
 *
 * @param {string} text
 */
export function folded(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").replaceAll("đ", "d").replaceAll("Đ", "D").toLowerCase();
}

/** @param {string} text */
function tokensOf(text) {
  return folded(text).match(/[\p{L}\p{N}]+/gu) ?? [];
}

/**
 * Questions on the acts that most documents name: on each in general, then on what is told most of it.
 *
 * @param {{references: {key: string, names: Record<string, string>, aspects: string[]}[]}} known
 * @param {Words} words
 * @param {Lang} lang
 * @returns {Suggestion[]}
 */
export function questionsOn(known, words, lang) {
  return known.references.flatMap(({ key, names, aspects }) => {
    const name = names[lang] ?? key;
    return ["", ...aspects].map((aspect) => {
      const text = words.questions[aspect]?.(name) ?? `${name}: ${aspect}`;
      const also = [key, ...Object.values(names), words.aspects[aspect] ?? ""];
      return { text, tokens: tokensOf([text, ...also].join(" ")) };
    });
  });
}

/**
 * Those that hold a word beginning with each typed one, the likeliest first.
 *
 * @param {Suggestion[]} questions
 * @param {string} typed
 */
export function fitting(questions, typed) {
  const wanted = tokensOf(typed);
  const found = questions.filter(({ tokens }) => wanted.every((word) => tokens.some((token) => token.startsWith(word))));
  return found.filter(({ text }) => folded(text) !== folded(typed.trim())).slice(0, MOST);
}

/** A list under a field that is chosen from by arrow keys (the combobox of the ARIA authoring practices). */
export class Suggestions {
  /**
   * @param {HTMLInputElement} input
   * @param {HTMLElement} list
   * @param {{load: () => Promise<Suggestion[]>, choose: (text: string) => void, tell: (count: number) => void}} use
   */
  constructor(input, list, { load, choose, tell }) {
    this.input = input;
    this.list = list;
    this.load = load;
    this.choose = choose;
    this.tell = tell;
    this.active = -1;
    this.wanted = false;
    /** @type {Suggestion[]} */
    this.questions = [];
    input.addEventListener("focus", () => this.prepare(), { once: true });
    input.addEventListener("input", () => {
      this.wanted = true;
      this.show();
    });
    input.addEventListener("keydown", (event) => this.key(event));
    input.addEventListener("blur", () => this.hide());
    // Before the field loses its focus, so that it keeps it.
    list.addEventListener("pointerdown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const option = /** @type {Element} */ (event.target).closest("[role=option]");
      if (option) this.take([...list.children].indexOf(option));
    });
  }

  async prepare() {
    try {
      this.questions = await this.load();
    } catch {
      // Without suggestions one can ask as well; the next time the field is entered it is tried again.
      this.input.addEventListener("focus", () => this.prepare(), { once: true });
      return;
    }
    if (this.wanted && this.input.matches(":focus")) this.show();
  }

  get open() {
    return !this.list.hidden;
  }

  show() {
    this.shown = this.input.value.trim() ? fitting(this.questions, this.input.value) : [];
    this.render();
  }

  render() {
    const shown = this.shown ?? [];
    this.active = -1;
    fill(this.list, shown.map(({ text }, number) => element("li", { id: `${this.list.id}-${number}`, role: "option", "aria-selected": "false" }, text)));
    const opened = shown.length > 0;
    if (opened && !this.open) this.tell(shown.length);
    this.list.hidden = !opened;
    this.input.setAttribute("aria-expanded", String(opened));
    this.input.removeAttribute("aria-activedescendant");
  }

  hide() {
    // Also where what could be suggested is still on its way.
    this.wanted = false;
    this.shown = [];
    this.render();
  }

  /** @param {number} number */
  mark(number) {
    // Before the first and after the last is the field itself, -1.
    const stops = this.list.children.length + 1;
    this.active = ((number + 1 + stops) % stops) - 1;
    [...this.list.children].forEach((option, at) => {
      option.setAttribute("aria-selected", String(at === this.active));
      if (at === this.active) option.scrollIntoView({ block: "nearest" });
    });
    if (this.active < 0) this.input.removeAttribute("aria-activedescendant");
    else this.input.setAttribute("aria-activedescendant", `${this.list.id}-${this.active}`);
  }

  /** @param {number} number */
  take(number) {
    const chosen = this.shown?.[number];
    this.hide();
    if (chosen) this.choose(chosen.text);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" && !this.open) {
      this.shown = this.input.value.trim() ? fitting(this.questions, this.input.value) : this.questions.slice(0, MOST);
      this.render();
      if (this.open) this.mark(0);
    } else if (!this.open) return;
    else if (event.key === "ArrowDown") this.mark(this.active + 1);
    else if (event.key === "ArrowUp") this.mark(this.active - 1);
    else if (event.key === "Escape") this.hide();
    else if (event.key === "Enter" && this.active >= 0) this.take(this.active);
    else return;
    event.preventDefault();
  }
}
