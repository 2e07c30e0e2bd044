// A text cut where marks begin and end, so that marks may overlap.

/**
 * @typedef {{start: number, end: number, kind: "cited"|"mention"|"told"|"heading", value?: string}} Mark
 * @typedef {{start: number, end: number, marks: Mark[]}} Segment
 */

/**
 * Lines of a text, each with its line break, in units of UTF-16.
 *
 * @param {string} text
 * @returns {[number, number][]}
 */
export function lines(text) {
  /** @type {[number, number][]} */
  const found = [];
  for (let start = 0; start < text.length; ) {
    const next = text.indexOf("\n", start);
    const end = next < 0 ? text.length : next + 1;
    found.push([start, end]);
    start = end;
  }
  return found;
}

/**
 * Pieces of a span, each under the same marks from its begin to its end; together they are the span.
 *
 * @param {number} start
 * @param {number} end
 * @param {Mark[]} marks those that overlap the span
 * @returns {Segment[]}
 */
export function segments(start, end, marks) {
  const cuts = new Set([start, end]);
  for (const mark of marks) {
    if (mark.start > start && mark.start < end) cuts.add(mark.start);
    if (mark.end > start && mark.end < end) cuts.add(mark.end);
  }
  const ordered = [...cuts].sort((a, b) => a - b);
  return ordered.slice(0, -1).map((from, number) => {
    const to = ordered[number + 1];
    return { start: from, end: to, marks: marks.filter((mark) => mark.start < to && mark.end > from) };
  });
}

/**
 * Which marks overlap each of some spans that follow each other; `marks` are in the order of their start.
 *
 * @param {[number, number][]} spans
 * @param {Mark[]} marks
 * @returns {Mark[][]}
 */
export function byLine(spans, marks) {
  /** @type {Mark[]} */
  let open = [];
  let next = 0;
  return spans.map(([start, end]) => {
    open = open.filter((mark) => mark.end > start);
    while (next < marks.length && marks[next].start < end) open.push(marks[next++]);
    return [...open];
  });
}
