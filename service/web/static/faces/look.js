// How the element looks: light or dark as its page is, which says so by `color-scheme`. A constructed style sheet, since
// pages with a strict policy allow no other.

const CSS = `
:host { --_text: var(--fundstelle-text, light-dark(#1b1f24, #e6e9ed));
  --_muted: var(--fundstelle-muted, light-dark(#57606a, #a0a9b4));
  --_back: var(--fundstelle-background, light-dark(#fff, #14181d));
  --_line: var(--fundstelle-border, light-dark(#d0d7de, #39424d));
  --_edge: var(--fundstelle-field-border, light-dark(#818b96, #76808c));
  --_accent: var(--fundstelle-accent, light-dark(#0b5394, #8cc2f5));
  --_on: var(--fundstelle-on-accent, light-dark(#fff, #0c1a28));
  --_soft: var(--fundstelle-soft, light-dark(#f3f6f9, #1f262e));
  --_mark: var(--fundstelle-mark, light-dark(#fff1b8, #5a4a00));
  --_warn: var(--fundstelle-warning, light-dark(#9a3412, #f0a878));
  --_round: var(--fundstelle-radius, 6px); --_font: var(--fundstelle-font, system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif);
  display: block; color: var(--_text); font: 1rem/1.55 var(--_font); text-align: start; }
:host([scheme=light]) { color-scheme: light; }
:host([scheme=dark]) { color-scheme: dark; }
:host([hidden]) { display: none; }
* { box-sizing: border-box; }
.all { max-width: 46rem; overflow-wrap: anywhere; }
.all:focus-within { position: relative; z-index: 1; }
.form { display: flex; flex-wrap: wrap; gap: .5rem; align-items: stretch; margin: 0; }
.field { position: relative; flex: 999 1 15rem; min-width: 0; display: flex; }
.field svg { position: absolute; inset-inline-start: .75rem; top: 50%; translate: 0 -50%; color: var(--_muted); pointer-events: none; }
input { flex: 1; min-width: 0; padding: .65rem .75rem .65rem 2.5rem; border: 1px solid var(--_edge); border-radius: var(--_round);
  background: var(--_back); color: inherit; font: inherit; appearance: none; }
input::placeholder { color: var(--_muted); opacity: 1; }
button { font: inherit; cursor: pointer; color: var(--_accent); background: none; border: 1px solid var(--_line); border-radius: var(--_round); padding: .4rem .8rem; }
button:hover { border-color: var(--_accent); }
.primary { background: var(--_accent); color: var(--_on); border-color: var(--_accent); padding: .65rem 1.1rem; font-weight: 600; flex: 1 0 auto; }
.primary:hover { filter: brightness(1.12); }
:focus-visible { outline: 3px solid var(--_accent); outline-offset: 2px; border-radius: var(--_round); }
a { color: var(--_accent); text-underline-offset: .15em; }
.place:focus { outline: none; }
.paper { display: none; }
.list { position: absolute; z-index: 10; inset-inline: 0; top: calc(100% + 4px); margin: 0; padding: .25rem; list-style: none; max-height: 20rem; overflow: auto;
  background: var(--_back); border: 1px solid var(--_line); border-radius: var(--_round); box-shadow: 0 8px 24px rgb(0 0 0 / .18); }
.list li { padding: .5rem .65rem; border-radius: calc(var(--_round) - 2px); cursor: pointer; }
.list li:hover { background: var(--_soft); }
.list li[aria-selected=true] { background: var(--_accent); color: var(--_on); }
.status { margin: .75rem 0 0; min-height: 1.55em; color: var(--_muted); }
.status.busy::before { content: ""; display: inline-block; width: .8em; height: .8em; margin-inline-end: .5em; border: 2px solid var(--_line); border-top-color: var(--_accent);
  border-radius: 50%; vertical-align: -.1em; animation: turn 1s linear infinite; }
@keyframes turn { to { rotate: 1turn; } }
.unseen { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.place[aria-busy=true] > *, .place[aria-busy=true] + .below > * { opacity: .55; }
.label { margin: 0 0 .4rem; color: var(--_muted); font-size: .9rem; }
.examples, .otherwise { display: flex; flex-wrap: wrap; gap: .5rem; margin: 0; padding: 0; list-style: none; }
.chip { text-align: start; border-radius: 1.2rem; }
.framing { margin: 0 0 .75rem; font-weight: 600; }
.answer:not(.answered) .framing { padding: .75rem 1rem; background: var(--_soft); border-inline-start: 3px solid var(--_muted); font-weight: 400; }
ol { margin: 0; padding: 0; list-style: none; display: grid; gap: 1.1rem; }
.statement { margin: 0; font-size: 1.0625rem; }
.cite { min-width: 1.75rem; padding: .05rem .4rem; font-size: .85rem; line-height: 1.35; font-weight: 600; font-variant-numeric: tabular-nums; vertical-align: .1em; }
.cite[aria-expanded=true] { background: var(--_accent); color: var(--_on); border-color: var(--_accent); }
.source, .where { margin: .2rem 0 0; color: var(--_muted); font-size: .875rem; }
.source bdi { margin-inline-end: .75rem; }
.quiet { border: 0; padding: 0; font-size: .875rem; text-decoration: underline; text-underline-offset: .15em; min-height: 1.5rem; }
.context { margin: .6rem 0 0; padding: .75rem 1rem; background: var(--_soft); border-radius: var(--_round); }
.context > p:first-child { margin-top: 0; }
blockquote { position: relative; margin: .5rem 0; white-space: pre-line; max-height: 24rem; overflow: auto; }
mark { background: var(--_mark); color: inherit; padding: .05em 0; border-radius: 2px; }
.links { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: .5rem 0 0; }
.note { margin: .9rem 0 0; padding-inline-start: .75rem; border-inline-start: 3px solid var(--_warn); font-size: .9375rem; }
.hits { margin-top: 1.5rem; border-top: 1px solid var(--_line); padding-top: .75rem; }
.hits summary { cursor: pointer; font-weight: 600; color: var(--_text); width: fit-content; }
.hits ol { margin-top: .75rem; }
.hit a { font-weight: 600; }
.passage { margin: .2rem 0 0; font-size: .9375rem; white-space: pre-line; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 5; overflow: hidden; }
.trouble { padding: .75rem 1rem; border: 1px solid var(--_warn); border-radius: var(--_round); }
.trouble p { margin: 0 0 .5rem; }
.trouble p:last-child { margin: 0; }
.detail { color: var(--_muted); font-size: .875rem; }
.by-hand textarea { width: 100%; font: inherit; font-size: .875rem; color: inherit; background: var(--_back); border: 1px solid var(--_edge); border-radius: var(--_round); padding: .5rem; }
@media (prefers-reduced-motion: reduce) { * { animation: none !important; transition: none !important; } }
@media (forced-colors: active) { mark { background: Mark; color: MarkText; } .cite[aria-expanded=true], .list li[aria-selected=true] { forced-color-adjust: none; background: Highlight; color: HighlightText; } }
@media print { :host { color-scheme: light; } .paper { display: block; margin: .2rem 0; font-size: .875rem; } mark { text-decoration: underline; } .cite[aria-expanded=true] { background: none; color: inherit; } .form, .hits:not([open]), .status, .quiet, .otherwise, .by-hand, .links .in-document { display: none; } .context[hidden] { display: none; } blockquote { max-height: none; } .passage { -webkit-line-clamp: none; } a { color: inherit; } }
`;

/** @type {CSSStyleSheet|undefined} */
let sheet;

/** The style sheet, one for all elements of a page. */
export function look() {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
  }
  return sheet;
}
