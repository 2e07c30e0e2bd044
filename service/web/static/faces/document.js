// The document view: a text with what stands where in it, the place of the address shown, places to be cited.

import { Client, Trouble } from "./client.js";
import { element, fill, foreign, outwards } from "./dom.js";
import { keyForm, keyOfPage, mayTypeKey } from "./key.js";
import { copying, quotation } from "./quote.js";
import { byLine, lines, segments } from "./segments.js";
import { Points } from "./spans.js";
import { troubleBox } from "./trouble.js";
import { pageWordsOf } from "./page_words.js";
import { dayIn, LANGUAGES } from "./words.js";

class DocumentView {
  constructor() {
    const given = new URL(location.href).searchParams;
    this.id = location.pathname.slice("/d/".length).split("/").map(decoded).join("/");
    this.place = placeOf(given);
    this.choose(given.get("lang"));
    this.main = /** @type {HTMLElement} */ (document.querySelector("main"));
    this.said = element("p", { class: "unseen", role: "status" });
    document.body.append(this.said);
    this.load();
  }

  /** @param {string|null} tag */
  choose(tag) {
    Object.assign(this, pageWordsOf(tag, ...navigator.languages));
    document.documentElement.lang = this.lang;
    const nav = /** @type {HTMLElement} */ (document.querySelector(".languages"));
    nav.setAttribute("aria-label", this.words.language);
    fill(nav, LANGUAGES.map((lang) => {
      const target = new URL(location.href);
      target.searchParams.set("lang", lang);
      return element("a", { href: target.href, lang, hreflang: lang, "aria-current": lang === this.lang && "true", title: this.words.languages[lang] }, lang.toUpperCase());
    }));
  }

  get client() {
    return new Client(location.origin, keyOfPage());
  }

  async load(attempt = 0) {
    const { words } = this;
    fill(this.main, element("p", { class: "waiting" }, words.loading));
    try {
      this.show(await this.client.document(this.id));
    } catch (error) {
      if (error instanceof Trouble && error.kind === "gone") fill(this.main, element("div", { class: "head" }, this.back(), element("h1", {}, words.noDocument)));
      else if (error instanceof Trouble && error.kind === "key" && mayTypeKey()) fill(this.main, keyForm(words, () => this.load()));
      else fill(this.main, element("h1", { class: "unseen" }, "Fundstelle"), troubleBox(error, words, (failed) => this.load(failed), attempt));
      this.tell(this.main.querySelector(".trouble p, h1")?.textContent ?? "");
    }
  }

  /** @param {string} said */
  tell(said) {
    this.said.textContent = said;
  }

  back() {
    return element("p", { class: "back" }, element("a", { href: `/?lang=${this.lang}` }, `← ${this.words.back}`));
  }

  /** @param {any} found */
  show(found) {
    const { words } = this;
    this.found = found;
    this.points = new Points(found.text);
    document.title = `${found.title || found.document_id} · Fundstelle`;
    const known = this.place && this.place.start < this.place.end && this.place.end <= this.points.length ? this.place : null;
    this.article = element("article", { class: "text shows-mention", lang: found.language, dir: "auto", tabindex: "-1" }, this.blocks(known));
    this.citing = element("section", { class: "citing", "aria-label": words.cite });
    fill(
      this.main,
      element("div", { class: "head" }, this.back(), element("h1", {}, foreign(found.title || found.document_id)), this.facts()),
      this.article,
      element("aside", { class: "side" }, this.legend(), this.references(), this.citing),
    );
    if (this.place && !known) this.article.before(element("p", { class: "trouble" }, words.noPlace));
    if (known) this.goTo(known);
    document.addEventListener("selectionchange", () => {
      clearTimeout(this.soon);
      this.soon = setTimeout(() => this.chosen(known), 200);
    });
  }

  /** @param {{start: number, end: number}|null} known */
  blocks(known) {
    const { found, points } = this;
    const spans = lines(found.text);
    /** @type {import("./segments.js").Mark[]} */
    const marks = [
      ...(known ? [{ ...known, kind: /** @type {const} */ ("cited") }] : []),
      ...found.mentions.map((/** @type {any} */ it) => ({ start: it.start, end: it.end, kind: "mention", value: it.key })),
      ...found.told.map((/** @type {any} */ it) => ({ start: it.start, end: it.end, kind: "told", value: it.aspect })),
      ...found.headings.map((/** @type {any} */ it) => ({ start: it.start, end: it.end, kind: "heading" })),
    ].map((mark) => ({ ...mark, start: points.unit(mark.start), end: points.unit(mark.end) })).sort((a, b) => a.start - b.start);
    const marked = byLine(spans, marks);
    return spans.map(([start, end], number) => {
      const heading = marked[number].some((mark) => mark.kind === "heading");
      return element(heading ? "h2" : "p", {}, segments(start, end, marked[number]).map((segment) => this.piece(segment)));
    });
  }

  /** @param {import("./segments.js").Segment} segment */
  piece({ start, end, marks }) {
    const text = this.found.text.slice(start, end);
    const shown = marks.filter((mark) => mark.kind !== "heading");
    if (shown.length === 0) return text;
    const of = (/** @type {string} */ kind) => shown.filter((mark) => mark.kind === kind);
    const told = of("told");
    const begins = told.filter((mark) => mark.start === start).map((mark) => this.words.aspects[mark.value ?? ""]);
    return element(
      of("cited").length ? "mark" : "span",
      {
        class: [...new Set(shown.map((mark) => mark.kind))].join(" "),
        "data-aspects": told.length > 0 && told.map((mark) => mark.value).join(" "),
        "data-label": begins.length > 0 && begins.join(", "),
        title: of("mention").map((mark) => mark.value).join(", ") || null,
      },
      text,
    );
  }

  facts() {
    const { found, words, lang } = this;
    const fact = (/** @type {string} */ name, /** @type {any} */ value) => value && [element("dt", {}, name), element("dd", {}, value)];
    return element(
      "dl",
      {},
      fact(words.place, found.place && foreign(found.place)),
      fact(words.published, dayIn(found.published, lang)),
      fact(words.written, words.languages[found.language]),
      fact(words.original, outwards(found.url, found.url ?? "")),
      fact(words.also, found.also.length > 0 && foreign(found.also.join(", "))),
      fact(words.fingerprint, element("code", { title: found.sha256 }, found.sha256.slice(0, 12))),
    );
  }

  legend() {
    const { words, found } = this;
    const article = /** @type {HTMLElement} */ (this.article);
    const aspects = [...new Set(found.told.map((/** @type {any} */ it) => it.aspect))];
    const kinds = [...(found.mentions.length ? [["mention", words.markReferences]] : []), ...aspects.map((it) => [it, words.aspects[it]])];
    if (kinds.length === 0) return null;
    aspects.forEach((it) => article.classList.add(`shows-${it}`));
    return element("fieldset", { class: "legend" }, element("legend", {}, words.marks), element("ul", {}, kinds.map(([kind, name]) => {
      const box = /** @type {HTMLInputElement} */ (element("input", { type: "checkbox", id: `shows-${kind}` }));
      box.checked = true;
      box.addEventListener("change", () => article.classList.toggle(`shows-${kind}`, box.checked));
      return element("li", {}, box, element("label", { for: box.id }, name));
    })));
  }

  references() {
    const { found, words, lang } = this;
    /** @type {Map<string, number>} */
    const counts = new Map();
    for (const { key } of found.mentions) counts.set(key, (counts.get(key) ?? 0) + 1);
    if (counts.size === 0) return null;
    return element("section", {}, element("h2", {}, words.references), element("ul", { class: "acts" }, [...counts].map(([key, count]) =>
      element("li", {}, element("a", { href: `/?${new URLSearchParams({ lang, reference: key })}` }, key), element("span", { class: "count" }, ` ${count} ×`)))));
  }

  /** @param {{start: number, end: number}} place */
  goTo(place) {
    const cited = /** @type {HTMLElement|null} */ (this.main.querySelector("mark.cited"));
    cited?.setAttribute("tabindex", "-1");
    const go = () => cited?.scrollIntoView({ block: "center", behavior: "instant" });
    go();
    // What lies above gets its true height only as it comes near: then the place lies elsewhere.
    requestAnimationFrame(() => requestAnimationFrame(go));
    cited?.focus({ preventScroll: true });
    this.tell(`${this.words.thePlace}: ${this.points?.slice(place.start, place.end)}`);
    this.cite(place, this.words.cite);
  }

  /** @param {{start: number, end: number}|null} known */
  chosen(known) {
    const selection = getSelection();
    const range = selection?.rangeCount && !selection.isCollapsed ? selection.getRangeAt(0) : null;
    const article = /** @type {HTMLElement} */ (this.article);
    if (!range || !article.contains(range.commonAncestorContainer)) return;
    const before = document.createRange();
    before.setStart(article, 0);
    before.setEnd(range.startContainer, range.startOffset);
    // The text of the article is the text of the document, unit for unit.
    const text = range.toString();
    const first = before.toString().length + (text.length - text.trimStart().length);
    const last = first + text.trim().length;
    if (last <= first) return;
    const place = { start: this.points.point(first), end: this.points.point(last) };
    this.cite(place, known && place.start === known.start && place.end === known.end ? this.words.cite : this.words.citeChosen);
  }

  /** @param {{start: number, end: number}} place @param {string} title */
  cite(place, title) {
    const { words, lang, found } = this;
    const citing = /** @type {HTMLElement} */ (this.citing);
    const target = this.client.address({ document_id: found.document_id, ...place }, lang);
    const quoted = this.points.slice(place.start, place.end);
    const tell = (/** @type {string} */ said) => this.tell(said);
    fill(
      citing,
      element("h2", {}, title),
      element("blockquote", { dir: "auto", lang: found.language }, quoted.length > 280 ? `${quoted.slice(0, 280)}…` : quoted),
      element("p", {}, copying(words.copy, () => quotation(quoted, found, target, lang), words, tell, { class: "" })),
      element("p", {}, copying(words.copyLink, () => target, words, tell, { class: "" })),
      element("p", { class: "address" }, element("a", { href: target }, target)),
    );
  }
}

/** @param {string} part */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** @param {URLSearchParams} given */
function placeOf(given) {
  const [start, end] = ["start", "end"].map((name) => given.get(name));
  if (start == null && end == null) return null;
  const number = (/** @type {string|null} */ text) => (/^\d{1,15}$/.test(text ?? "") ? Number(text) : NaN);
  return { start: number(start), end: number(end) };
}

new DocumentView();
