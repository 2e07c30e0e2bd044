// An answer: its framing line, each statement with its place, or in words why there is none.

import { element, fill, foreign, outwards } from "./dom.js";
import { Points } from "./spans.js";
import { copying, quotation, sourceLine } from "./quote.js";
import { troubleBox } from "./trouble.js";
import { dayIn } from "./words.js";

/** Characters shown of a passage before its marked sentence. */
const LEAD = 120;

/**
 * What answers are shown with. `ask`: put another question; `tell`: say something to screen readers.
 *
 * @typedef {{client: import("./client.js").Client, lang: import("./words.js").Lang, words: import("./words.js").Words,
 *   id: string, ask: (question: string) => void, tell: (said: string) => void}} Use
 */

/**
 * @param {any} reply of /v1/ask
 * @param {Use} use
 * @param {{references: any[]}|null} known what can be asked about
 */
export function answerView(reply, use, known) {
  const [framing] = reply.answer.split("\n");
  return element(
    "section",
    { class: `answer ${reply.status}`, part: "answer", "aria-label": use.words.answer, lang: reply.language },
    // On paper there is no field that shows what was asked.
    element("p", { class: "paper" }, foreign(reply.question)),
    element("p", { class: "framing" }, foreign(framing)),
    reply.statements.length > 0 &&
      element("ol", { class: "statements" }, reply.statements.map((/** @type {any} */ it, /** @type {number} */ at) => statementView(it, at, reply, use))),
    ...reply.notes.map((/** @type {string} */ note) => element("p", { class: "note" }, foreign(note))),
    otherwise(reply, use, known),
  );
}

/**
 * @param {{text: string, citations: number[]}} statement
 * @param {number} at which of the statements
 * @param {any} reply
 * @param {Use} use
 */
function statementView(statement, at, reply, use) {
  const cited = statement.citations.map((number) => reply.citations.find((/** @type {any} */ it) => it.number === number));
  const line = element("p", { class: "statement", part: "statement" }, foreign(statement.text), " ");
  const item = element("li", {}, line);
  for (const citation of cited) {
    const panel = element("div", { class: "context", part: "context", id: `${use.id}-${at}-context-${citation.number}`, hidden: true });
    const button = element(
      "button",
      { type: "button", class: "cite", part: "citation", "aria-expanded": "false", "aria-controls": panel.id, "aria-label": use.words.source(citation.number) },
      String(citation.number),
    );
    button.addEventListener("click", () => {
      const opened = panel.hidden;
      panel.hidden = !opened;
      button.setAttribute("aria-expanded", String(opened));
      if (opened && !panel.dataset.shown) openContext(panel, citation, use);
    });
    const address = citation.url ?? use.client.address(citation, use.lang);
    line.append(button);
    item.append(
      element(
        "p",
        { class: "source" },
        foreign(sourceLine(citation, use.lang)),
        copying(use.words.copy, () => quotation(statement.text, citation, address, use.lang), use.words, use.tell),
      ),
      element("p", { class: "paper" }, foreign(address)),
      panel,
    );
  }
  return item;
}

/**
 * @param {HTMLElement} panel
 * @param {any} citation
 * @param {Use} use
 */
async function openContext(panel, citation, use) {
  const { words, client } = use;
  panel.dataset.shown = "yes";
  fill(panel, element("p", { class: "waiting" }, words.opening));
  try {
    const context = await client.context(citation);
    const points = new Points(context.text);
    const [start, end] = [citation.start - context.start, citation.end - context.start];
    // Another generation of the index may have gone live since the answer was given.
    if (context.sha256 !== citation.sha256 || points.slice(start, end) !== citation.quote) {
      fill(panel, element("p", {}, words.changed));
      return;
    }
    fill(
      panel,
      element("p", { class: "where" }, foreign(sourceLine(context, use.lang))),
      element(
        "blockquote",
        { lang: context.language, dir: "auto" },
        points.slice(0, start),
        element("mark", {}, points.slice(start, end)),
        points.slice(end, points.length),
      ),
      element(
        "p",
        { class: "links" },
        element("a", { href: client.address(citation, use.lang), class: "in-document" }, words.inDocument),
        outwards(citation.url, words.original, { class: "original" }),
      ),
    );
    const [passage, mark] = [panel.querySelector("blockquote"), panel.querySelector("mark")];
    if (passage && mark) passage.scrollTop = mark.offsetTop - passage.clientHeight / 3;
  } catch (error) {
    fill(panel, troubleBox(error, words, () => openContext(panel, citation, use)));
  }
}

/**
 * What to ask instead, as buttons.
 *
 * @param {any} reply
 * @param {Use} use
 * @param {{references: any[]}|null} known
 */
function otherwise(reply, use, known) {
  const named = (/** @type {string} */ key) => known?.references.find(({ key: other }) => other === key);
  const nameOf = (/** @type {string} */ key, lang = use.lang) => named(key)?.names[lang] ?? key;
  /** @type {[string, string][]} label and question */
  let offers = [];
  const asked = reply.understood.references;
  const { aspects, questions } = use.words;
  if (reply.status === "unknown_reference" && asked.length) {
    // Of several acts, the one that the documents do not know; its name in the language of the question around it.
    const { text } = asked.find((/** @type {any} */ it) => !named(it.key)) ?? asked[0];
    offers = reply.suggestions.map((/** @type {string} */ key) => [nameOf(key), reply.question.replace(text, () => nameOf(key, reply.language))]);
  } else if (reply.status === "aspect_not_found" && asked.length) {
    const [{ key }] = asked;
    offers = (named(key)?.aspects ?? [])
      .filter((/** @type {string} */ aspect) => questions[aspect])
      .map((/** @type {string} */ aspect) => [aspects[aspect], questions[aspect](nameOf(key))]);
  }
  if (offers.length === 0) return null;
  const label = reply.status === "unknown_reference" ? use.words.known : use.words.told;
  return element(
    "div",
    { class: "otherwise", role: "group", "aria-label": label },
    offers.map(([text, question]) => element("button", { type: "button", class: "chip", onclick: () => use.ask(question) }, text)),
  );
}

/**
 * Passages found, the sentence that fits best marked; without those that the answer shows already.
 *
 * @param {any[]} found
 * @param {any} reply of /v1/ask
 * @param {Use} use
 */
export function hitsView(found, reply, use) {
  const { words, lang, client } = use;
  const answered = reply.status === "answered";
  const hits = found.filter((hit) => !reply.citations.some((/** @type {any} */ it) => it.document_id === hit.document_id && it.start < hit.end && it.end > hit.start));
  return element(
    "details",
    { class: "hits", part: "hits", open: !answered },
    element("summary", {}, `${answered ? words.hits : words.near} (${hits.length})`),
    hits.length === 0 && element("p", {}, words.nothing),
    element(
      "ol",
      {},
      hits.map((hit) => {
        const points = new Points(hit.text);
        const [start, end] = [hit.best_sentence.start - hit.start, hit.best_sentence.end - hit.start];
        // Only a few lines are shown: the marked sentence is to be among them.
        const before = points.slice(0, start);
        const lead = before.length > LEAD ? `… ${before.slice(-LEAD).replace(/^\S*\s+/, "")}` : before;
        const place = { document_id: hit.document_id, start: hit.best_sentence.start, end: hit.best_sentence.end };
        return element(
          "li",
          { class: "hit", part: "hit" },
          element("a", { href: client.address(place, lang) }, foreign(hit.title || hit.document_id)),
          element("p", { class: "source" }, foreign([hit.place, dayIn(hit.published, lang)].filter(Boolean).join(" · "))),
          element("p", { class: "passage", dir: "auto" }, lead, element("mark", {}, points.slice(start, end)), points.slice(end, points.length)),
        );
      }),
    ),
  );
}
