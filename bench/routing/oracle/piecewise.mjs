// Concave, rising functions through the origin as straight pieces of falling slope: `{ widths, slopes }`. Behind the last
// piece more input adds nothing. Side by side and in a row such functions stay what they are, and the result is exact.

export const NOTHING = Object.freeze({ widths: [], slopes: [] });

/** One straight piece. */
export const straight = (slope, width) => ({ widths: [width], slopes: [slope] });

/** The most that several functions pay together for an amount that is divided among them: all pieces, steepest first. */
export function sideBySide(all) {
  let merged = NOTHING;
  for (const each of all) merged = merged.widths.length === 0 ? each : mergedPair(merged, each);
  return merged;
}

function mergedPair(a, b) {
  const widths = [];
  const slopes = [];
  let i = 0;
  let k = 0;
  while (i < a.widths.length || k < b.widths.length) {
    const first = k === b.widths.length || (i < a.widths.length && a.slopes[i] >= b.slopes[k]);
    widths.push(first ? a.widths[i] : b.widths[k]);
    slopes.push(first ? a.slopes[i++] : b.slopes[k++]);
  }
  return { widths, slopes };
}

/** What `second` pays for all that `first` pays. */
export function inARow(first, second) {
  const widths = [];
  const slopes = [];
  let k = 0;
  let room = second.widths[0] ?? 0;
  for (let i = 0; i < first.widths.length; i++) {
    const slope = first.slopes[i];
    let left = first.widths[i];
    while (left > 0) {
      if (k === second.widths.length) return { widths, slopes };
      const width = Math.min(left, room / slope);
      widths.push(width);
      slopes.push(slope * second.slopes[k]);
      if (width < left) {
        left -= width;
        room = second.widths[++k] ?? 0;
      } else {
        left = 0;
        room -= width * slope;
      }
    }
  }
  return { widths, slopes };
}

/** Value at an amount. */
export function valueAt({ slopes, widths }, amount) {
  let left = amount;
  let value = 0;
  for (let i = 0; i < widths.length && left > 0; i++) {
    const width = Math.min(left, widths[i]);
    value += width * slopes[i];
    left -= width;
  }
  return value;
}

/** The least amount that is worth `value`; infinite where none is. */
export function amountFor({ slopes, widths }, value) {
  let left = value;
  let amount = 0;
  for (let i = 0; i < widths.length; i++) {
    const worth = widths[i] * slopes[i];
    if (worth >= left) return amount + left / slopes[i];
    left -= worth;
    amount += widths[i];
  }
  return left > 0 ? Infinity : amount;
}

/** The same function with sums made, for many values. */
export function tabled({ slopes, widths }) {
  const count = widths.length;
  const inputs = new Float64Array(count + 1);
  const values = new Float64Array(count + 1);
  for (let i = 0; i < count; i++) {
    inputs[i + 1] = inputs[i] + widths[i];
    values[i + 1] = values[i] + widths[i] * slopes[i];
  }
  return (amount) => {
    if (count === 0 || amount <= 0) return 0;
    if (amount >= inputs[count]) return values[count];
    let low = 0;
    let high = count;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (inputs[middle] <= amount) low = middle;
      else high = middle;
    }
    return values[low] + (amount - inputs[low]) * slopes[low];
  };
}
