// Offsets of the service count Unicode code points; strings here count UTF-16 units. One is made of the other here.

/** A text that is cut by code points. Of texts without rare characters both counts are the same. */
export class Points {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
    /** @type {number[]} code points that are two units, by number of the code point */
    this.pairs = [];
    let point = 0;
    for (let unit = 0; unit < text.length; unit++, point++) {
      const code = text.charCodeAt(unit);
      const next = text.charCodeAt(unit + 1);
      if (code >= 0xd800 && code <= 0xdbff && next >= 0xdc00 && next <= 0xdfff) {
        this.pairs.push(point);
        unit++;
      }
    }
    /** How many code points there are. */
    this.length = point;
  }

  /**
   * The unit at which a code point begins.
   *
   * @param {number} point
   */
  unit(point) {
    return point + before(this.pairs, point);
  }

  /**
   * The code point that a unit belongs to.
   *
   * @param {number} unit
   */
  point(unit) {
    let low = 0;
    let high = this.pairs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      // The pair before which there are `middle` others begins at this unit.
      if (this.pairs[middle] + middle < unit) low = middle + 1;
      else high = middle;
    }
    return unit - low;
  }

  /**
   * @param {number} start
   * @param {number} end
   */
  slice(start, end) {
    return this.text.slice(this.unit(start), this.unit(end));
  }
}

/**
 * How many of some ascending numbers are below a bound.
 *
 * @param {number[]} numbers
 * @param {number} bound
 */
function before(numbers, bound) {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle] < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
