// Why there is no answer, in the reader's language, and a further attempt where that helps.

import { element } from "./dom.js";
import { Trouble } from "./client.js";

/** Attempts made by itself, each after the seconds that the service asks for. */
const ATTEMPTS = 3;
const HELPS = new Set(["offline", "slow", "many", "busy", "broken"]);

/**
 * A message with a button; it tries again by itself when the service has said when to, or is to be reached again.
 *
 * @param {unknown} error
 * @param {import("./words.js").Words} words
 * @param {(attempt: number) => void} retry
 * @param {number} [attempt] how many there were
 */
export function troubleBox(error, words, retry, attempt = 0) {
  const trouble = error instanceof Trouble ? error : new Trouble("broken");
  if (!(error instanceof Trouble)) console.error(error);
  const box = element("div", { class: "trouble", part: "message", "data-kind": trouble.kind });
  box.append(element("p", {}, words.troubles[trouble.kind] ?? words.troubles.broken));
  if (trouble.kind === "wrong" && trouble.detail) box.append(element("p", { class: "detail", lang: "en" }, trouble.detail));
  if (!HELPS.has(trouble.kind)) return box;
  const button = element("button", { type: "button" }, words.retry);
  box.append(button);
  /** @type {ReturnType<typeof setInterval>|undefined} */
  let ticking;
  const again = () => {
    clearInterval(ticking);
    removeEventListener("online", again);
    if (box.isConnected) retry(attempt + 1);
  };
  button.addEventListener("click", again);
  if (trouble.kind === "offline") addEventListener("online", again);
  if (trouble.after && attempt < ATTEMPTS) {
    let left = Math.ceil(trouble.after);
    const count = () => (left > 0 ? (button.textContent = words.retryIn(left--)) : again());
    count();
    ticking = setInterval(() => (box.isConnected ? count() : clearInterval(ticking)), 1000);
  }
  return box;
}
