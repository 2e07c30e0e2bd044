// A statement as it is quoted elsewhere: its words, and where they stand.

import { element } from "./dom.js";
import { dayIn } from "./words.js";

const MARKS = { de: ["„", "“"], en: ["“", "”"], vi: ["“", "”"] };

/**
 * Title, place and day in one line.
 *
 * @param {{title: string, place: string|null, published: string|null, document_id: string}} source
 * @param {import("./words.js").Lang} lang
 * @param {string} [between]
 */
export function sourceLine({ title, place, published, document_id }, lang, between = " · ") {
  return [title || document_id, place, dayIn(published, lang)].filter(Boolean).join(between);
}

/**
 * @param {string} text
 * @param {any} source
 * @param {string} address
 * @param {import("./words.js").Lang} lang
 */
export function quotation(text, source, address, lang) {
  const [open, close] = MARKS[lang];
  return `${open}${text.trim()}${close}\n${sourceLine(source, lang, ", ")}\n${address}`;
}

/**
 * A button that copies; where that is not allowed, it shows the text, selected.
 *
 * @param {string} label
 * @param {() => string} text
 * @param {import("./words.js").Words} words
 * @param {(said: string) => void} tell
 * @param {Record<string, any>} [attributes]
 */
export function copying(label, text, words, tell, attributes = {}) {
  const button = element("button", { type: "button", class: "quiet", ...attributes }, label);
  button.addEventListener("click", async () => {
    button.parentElement?.querySelector(".by-hand")?.remove();
    try {
      await navigator.clipboard.writeText(text());
      tell(words.copied);
      button.textContent = words.copied;
      setTimeout(() => (button.textContent = label), 2000);
    } catch {
      const area = /** @type {HTMLTextAreaElement} */ (element("textarea", { readonly: true, rows: 4, "aria-label": words.byHand }));
      area.value = text();
      button.after(element("div", { class: "by-hand" }, element("p", {}, words.byHand), area));
      area.focus();
      area.select();
    }
  });
  return button;
}
