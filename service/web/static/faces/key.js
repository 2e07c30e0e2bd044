// The key with which the service's own pages ask.

import { element } from "./dom.js";

let typed = "";

/** The key that the service has put into this page; empty where there is none. */
function given() {
  return document.querySelector("meta[name=fundstelle-key]")?.getAttribute("content") ?? "";
}

/** The key that the service has put into this page, or that was typed; empty where there is none. */
export function keyOfPage() {
  return typed || given();
}

/** Whether a person may type a key: where the page has none of its own. */
export function mayTypeKey() {
  return !given();
}

/**
 * Asks for a key, which is kept as long as the page is open; says so where one was typed that did not fit.
 *
 * @param {import("./page_words.js").PageWords} words
 * @param {(key: string) => void} use
 */
export function keyForm(words, use) {
  const input = /** @type {HTMLInputElement} */ (element("input", { id: "key", type: "password", autocomplete: "off", required: true }));
  const form = element(
    "form",
    { class: "key" },
    element("label", { for: "key" }, words.key),
    element("p", {}, words.keyHint),
    input,
    typed && element("p", { role: "alert", class: "wrong" }, words.wrongKey),
    element("button", { type: "submit" }, words.useKey),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    typed = input.value.trim();
    use(typed);
  });
  return form;
}
