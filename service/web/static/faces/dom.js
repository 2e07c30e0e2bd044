// Elements are built, never parsed: whatever a document says becomes text, and text alone.

/**
 * An element with attributes, properties and children.
 *
 * Keys that begin with `on` are event listeners; `true` is an attribute without a value; `false`, `null` and
 * `undefined` leave one out. Children are nodes or texts; those that are `null` or `false` are left out.
 *
 * @param {string} name
 * @param {Record<string, any>} [attributes]
 * @param {...(Node|string|number|null|undefined|false|Array<any>)} children
 * @returns {HTMLElement}
 */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value != null) made.setAttribute(key, String(value));
  }
  made.append(...present(children));
  return made;
}

/** @param {Array<any>} children */
function present(children) {
  return children.flat(Infinity).filter((child) => child != null && child !== false && child !== "");
}

/**
 * Replace all children.
 *
 * @param {Element|ShadowRoot} parent
 * @param {...any} children
 */
export function fill(parent, ...children) {
  parent.replaceChildren(...present(children));
}

/**
 * Text of a document: its own direction, and what it does to directions stays inside.
 *
 * @param {string} text
 * @param {Record<string, any>} [attributes]
 */
export function foreign(text, attributes = {}) {
  return element("bdi", { dir: "auto", ...attributes }, text);
}

/**
 * A link that opens beside this page, or only its text where the address is none of the web.
 *
 * @param {string|null} address
 * @param {string} text
 * @param {Record<string, any>} [attributes]
 */
export function outwards(address, text, attributes = {}) {
  let target = null;
  try {
    target = new URL(address ?? "");
  } catch {
    // Not an address.
  }
  if (!target || !["http:", "https:"].includes(target.protocol)) return null;
  return element("a", { href: target.href, target: "_blank", rel: "noopener noreferrer", ...attributes }, text);
}

const SVG = "http://www.w3.org/2000/svg";

/**
 * A drawn sign of 20 by 20, hidden from screen readers: words beside it say the same.
 *
 * @param {string} path what an SVG path is drawn by
 */
export function sign(path) {
  const drawing = document.createElementNS(SVG, "svg");
  for (const [key, value] of [["viewBox", "0 0 20 20"], ["width", "20"], ["height", "20"], ["aria-hidden", "true"]])
    drawing.setAttribute(key, value);
  const line = document.createElementNS(SVG, "path");
  for (const [key, value] of [["d", path], ["fill", "none"], ["stroke", "currentColor"], ["stroke-width", "1.6"],
    ["stroke-linecap", "round"], ["stroke-linejoin", "round"]]) line.setAttribute(key, value);
  drawing.append(line);
  return drawing;
}
