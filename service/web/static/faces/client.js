// Calls of the service: each with a time limit, each ending in a reply or in a trouble that has a name.

/** Seconds after which waiting is said to take long, and after which it is given up. */
export const SLOW = 4;
const LONGEST = 40;

/**
 * Why there is no answer.
 *
 * `kind`: `offline` (nothing came back), `slow` (given up), `key` (401, 403), `many` (429), `busy` (503), `gone` (404),
 * `wrong` (other 4xx), `broken` (5xx and what is no reply of this service). `after`: seconds to wait, if said.
 */
export class Trouble extends Error {
  /**
   * @param {string} kind
   * @param {string} [detail]
   * @param {number} [after]
   */
  constructor(kind, detail = "", after = 0) {
    super(detail || kind);
    this.kind = kind;
    this.detail = detail;
    this.after = after;
  }
}

const KINDS = { 401: "key", 403: "key", 404: "gone", 429: "many", 503: "busy", 504: "slow" };

/** The API of one service, asked with one key. */
export class Client {
  /**
   * @param {string} base address of the service
   * @param {string} key empty where none is asked for
   */
  constructor(base, key) {
    this.base = base;
    this.key = key;
  }

  /**
   * @param {string} path
   * @param {{body?: object, signal?: AbortSignal}} [options] with a body it is a POST
   * @returns {Promise<any>}
   * @throws {Trouble} or an AbortError, where the signal said so
   */
  async call(path, { body, signal } = {}) {
    // What no header can hold is no key, such as one copied with an ellipsis; the browser would call that a network error.
    if (/[^!-~]/.test(this.key)) throw new Trouble("key");
    const patience = AbortSignal.timeout(LONGEST * 1000);
    let reply;
    try {
      reply = await fetch(new URL(path, this.base), {
        method: body ? "POST" : "GET",
        body: body && JSON.stringify(body),
        headers: {
          ...(body && { "Content-Type": "application/json" }),
          ...(this.key && { Authorization: `Bearer ${this.key}` }),
        },
        credentials: "omit",
        // By this a widget key tells where it comes from, where the browser sends no Origin.
        referrerPolicy: "same-origin",
        signal: signal ? AbortSignal.any([signal, patience]) : patience,
      });
      if (reply.ok) return await reply.json();
    } catch (error) {
      if (signal?.aborted) throw error;
      // Something that is no JSON came from another: a proxy, or a page to log in.
      throw new Trouble(patience.aborted ? "slow" : error instanceof SyntaxError ? "broken" : "offline");
    }
    const said = await reply.json().catch(() => ({}));
    const kind = KINDS[reply.status] ?? (reply.status < 500 ? "wrong" : "broken");
    throw new Trouble(kind, typeof said.detail === "string" ? said.detail : "", Number(reply.headers.get("Retry-After")) || 0);
  }

  /** @param {object} body @param {AbortSignal} [signal] */
  ask(body, signal) {
    return this.call("v1/ask", { body, signal });
  }

  /** @param {object} body @param {AbortSignal} [signal] */
  search(body, signal) {
    return this.call("v1/search", { body, signal });
  }

  /** @param {{document_id: string, start: number, end: number}} place @param {AbortSignal} [signal] */
  context({ document_id, start, end }, signal) {
    return this.call(`v1/context?${new URLSearchParams({ document_id, start: String(start), end: String(end) })}`, { signal });
  }

  /** @param {string} id @param {AbortSignal} [signal] */
  document(id, signal) {
    return this.call(`v1/documents/${inPath(id)}`, { signal });
  }

  /** What can be asked about; asked once, and again after a failure. */
  suggestions() {
    this.suggested ??= this.call("v1/suggestions").catch((error) => {
      this.suggested = undefined;
      throw error;
    });
    return this.suggested;
  }

  /**
   * Where a person sees a place in its document.
   *
   * @param {{document_id: string, start?: number, end?: number}} place
   * @param {string} lang
   */
  address({ document_id, start, end }, lang) {
    const target = new URL(`d/${inPath(document_id)}`, this.base);
    if (start != null && end != null) target.search = String(new URLSearchParams({ start: String(start), end: String(end), lang }));
    return target.href;
  }
}

/** @param {string} id */
function inPath(id) {
  return id.split("/").map(encodeURIComponent).join("/");
}

/** Of several calls only the latest counts: it ends those before it, and theirs are never shown. */
export class Latest {
  /** @type {AbortController|undefined} */
  running;

  /**
   * @template T
   * @param {(signal: AbortSignal) => Promise<T>} work
   * @returns {Promise<T|undefined>} undefined where a later one began meanwhile
   */
  async run(work) {
    this.running?.abort();
    const mine = (this.running = new AbortController());
    try {
      const result = await work(mine.signal);
      return mine.signal.aborted ? undefined : result;
    } catch (error) {
      if (mine.signal.aborted) return undefined;
      throw error;
    }
  }

  /** End what is running. */
  stop() {
    this.running?.abort();
  }
}
