// What the search page shows, as its address says it, and back.

/** @typedef {{q: string, lang: string|null, references: string[], places: string[], from: string, to: string}} State */

/**
 * Whatever an address says, in the bounds of the service.
 *
 * @param {string} address
 * @returns {State}
 */
export function stateOf(address) {
  const given = new URL(address).searchParams;
  const day = (/** @type {string} */ name) => (/^\d{4}-\d\d-\d\d$/.test(given.get(name) ?? "") ? /** @type {string} */ (given.get(name)) : "");
  return { q: (given.get("q") ?? "").trim().slice(0, 2000), lang: given.get("lang"), references: given.getAll("reference"), places: given.getAll("place"), from: day("from"), to: day("to") };
}

/** @param {State} state */
export function addressOf({ q, lang, references, places, from, to }) {
  const given = new URLSearchParams();
  if (q) given.set("q", q);
  if (lang) given.set("lang", lang);
  references.forEach((value) => given.append("reference", value));
  places.forEach((value) => given.append("place", value));
  if (from) given.set("from", from);
  if (to) given.set("to", to);
  const text = String(given);
  return text ? `/?${text}` : "/";
}

/**
 * As `filters` of the API.
 *
 * @param {State} state
 */
export function filtersOf({ references, places, from, to }) {
  return { ...(references.length && { references }), ...(places.length && { places }), ...(from && { published_from: from }), ...(to && { published_to: to }) };
}
