// The optimum once more, written apart from the package to measure it: nothing of ours is imported, not even a payoff.
// Certainty equivalents as they are, by log-sum-exp; every holding of a fixed and fine grid at every spot that a path can
// have; trades by plain running minima; no window, no parabola; the kernel's tilt by bisection. Slow and simple.

const DEVIATIONS = 9;
const CUT = 7;

/**
 * @param {{ product: 'call' | 'put' | 'lp', strike: number, spot: number, annualVolatility: number, years: number,
 *   steps: number, annualRate: number, proportionalCost: number, fixedCost: number, riskAversion: number,
 *   settlement: 'free' | 'unwind', impact?: { buy: { length: number, left: number, right: number }[], sell:
 *   { length: number, left: number, right: number }[] } }} problem a written option, or a held full-range position of √strike liquidity
 * @param {number} count holdings on the grid
 * @returns {{ certaintyEquivalent: number, premium: number }} numeraire
 */
export function yardstick(problem, count = 601) {
  const { annualRate, annualVolatility, fixedCost, settlement, spot, steps, years } = problem;
  const growth = Math.exp(annualRate * years);
  const gamma = problem.riskAversion * growth;
  const h = annualVolatility * Math.sqrt(years / steps);
  const p = tilted(h);
  const half = Math.min(CUT * steps, Math.ceil(DEVIATIONS * Math.sqrt(steps)) + CUT);
  const size = 2 * half + 1;
  const x = Float64Array.from({ length: size }, (_, i) => spot * Math.exp((i - half) * h));
  const owed = x.map((value) => owes(problem, value * growth) / growth);
  const y = holdingsOf(problem, count);
  const flat = y.indexOf(0);
  let q = new Float64Array(size * count);
  for (let i = 0; i < size; i++) {
    for (let m = 0; m < count; m++) {
      const unwinding = m === flat || settlement === 'free' ? 0 : fixedCost / growth + x[i] * charged(problem, -y[m]);
      q[i * count + m] = owed[i] + unwinding;
    }
  }
  let premium = owed.slice();
  const stay = new Float64Array(count);
  const terms = new Float64Array(2 * CUT + 1);
  for (let step = steps - 1; step >= 0; step--) {
    const gas = fixedCost * Math.exp((-annualRate * years * step) / steps);
    const now = q.slice();
    const premiumNow = premium.slice();
    // Beyond 6.5 standard deviations of the time that has passed there is nobody.
    const reach = Math.min(CUT * step, Math.ceil(6.5 * Math.sqrt(step)) + CUT, half - CUT);
    for (let i = half - reach; i <= half + reach; i++) {
      premiumNow[i] = p.reduce((sum, weight, j) => sum + weight * premium[i + j - CUT], 0);
      for (let m = 0; m < count; m++) {
        let top = -Infinity;
        for (let j = 0; j <= 2 * CUT; j++) {
          const at = i + j - CUT;
          terms[j] = q[at * count + m] - y[m] * (x[at] - x[i]);
          if (terms[j] > top) top = terms[j];
        }
        let sum = 0;
        for (let j = 0; j <= 2 * CUT; j++) sum += p[j] * Math.exp(gamma * (terms[j] - top));
        stay[m] = top + Math.log(sum) / gamma;
      }
      for (let m = 0; m < count; m++) now[i * count + m] = stay[m];
      if (problem.impact !== undefined) {
        tradeConvex(problem, y, stay, x[i], gas, now, i * count);
        continue;
      }
      const charge = problem.proportionalCost * x[i];
      for (let m = count - 2, best = stay[count - 1]; m >= 0; m--) {
        best = Math.min(stay[m], best + charge * (y[m + 1] - y[m]));
        now[i * count + m] = Math.min(now[i * count + m], gas + best);
      }
      for (let m = 1, best = stay[0]; m < count; m++) {
        best = Math.min(stay[m], best + charge * (y[m] - y[m - 1]));
        now[i * count + m] = Math.min(now[i * count + m], gas + best);
      }
    }
    q = now;
    premium = premiumNow;
  }
  return { certaintyEquivalent: q[half * count + flat] - premium[half], premium: premium[half] };
}

/** Cost of a trade at a spot of 1: λ|q| and, on top, what the marginal costs of its impact add up to. */
function charged({ impact, proportionalCost }, trade) {
  const size = Math.abs(trade);
  let sum = proportionalCost * size;
  let left = size;
  const pieces = impact?.[trade > 0 ? 'buy' : 'sell'] ?? [];
  pieces.forEach((piece, i) => {
    const part = i === pieces.length - 1 ? left : Math.min(left, piece.length);
    const rate = (piece.right - piece.left) / piece.length;
    sum += piece.left * part + (rate * part * part) / 2;
    left -= part;
  });
  return sum;
}

/**
 * Every trade against every other, by halving: of the middle holding the best end is looked for among all that are left,
 * and whoever holds more ends no lower. Buying and selling apart.
 */
function tradeConvex(problem, y, stay, spot, gas, now, base) {
  const halve = (sign, from, to, first, last) => {
    if (from > to) return;
    const m = (from + to) >> 1;
    let best = Infinity;
    let end = first;
    for (let j = first; j <= last; j++) {
      if (sign * (y[j] - y[m]) < 0) continue;
      const value = stay[j] + spot * charged(problem, y[j] - y[m]);
      if (value < best) [best, end] = [value, j];
    }
    now[base + m] = Math.min(now[base + m], gas + best);
    halve(sign, from, m - 1, first, end);
    halve(sign, m + 1, to, end, last);
  };
  halve(1, 0, y.length - 1, 0, y.length - 1);
  halve(-1, 0, y.length - 1, 0, y.length - 1);
}

function owes({ product, strike }, spot) {
  if (product === 'call') return Math.max(0, spot - strike);
  if (product === 'put') return Math.max(0, strike - spot);
  return -2 * Math.sqrt(strike * spot);
}

/**
 * Evenly over all that an option may want. For liquidity, half of them evenly up to what it wants two standard deviations
 * down, then the hedges of evenly spaced log spots, ever more as spots fall, and as many as these close to none.
 */
function holdingsOf({ annualVolatility, product, proportionalCost, settlement, spot, strike, years }, count) {
  const stretch = settlement === 'unwind' ? 1 / (1 - proportionalCost) : 1;
  const deviation = annualVolatility * Math.sqrt(years);
  const hedge = (deviations) => Math.sqrt(strike / spot) * Math.exp(-(deviations * deviation) / 2);
  const half = (count - 1) >> 1;
  const quarter = half >> 1;
  const rest = count - 1 - half - quarter;
  const sizes =
    product === 'lp'
      ? [
          ...Array.from({ length: half }, (_, m) => (hedge(-2) * (m + 1)) / half),
          ...Array.from({ length: quarter }, (_, m) => hedge(-2 - (6 * (m + 1)) / quarter)),
          ...Array.from({ length: rest }, (_, m) => hedge((8 * (m + 0.5)) / rest) * (1 + 1e-9)),
        ]
      : Array.from({ length: count - 1 }, (_, m) => (stretch * (m + 1)) / (count - 2));
  const sign = product === 'call' ? 1 : -1;
  return Float64Array.from([...sizes.map((size) => sign * size), 0]).sort();
}

function tilted(h) {
  const weights = (tilt) => {
    const raw = Array.from({ length: 2 * CUT + 1 }, (_, j) => Math.exp(-((j - CUT) ** 2) / 2 + tilt * (j - CUT)));
    const mass = raw.reduce((sum, weight) => sum + weight, 0);
    return raw.map((weight) => weight / mass);
  };
  let low = -3;
  let high = 2;
  for (let i = 0; i < 200; i++) {
    const tilt = (low + high) / 2;
    const mean = weights(tilt).reduce((sum, weight, j) => sum + weight * Math.exp((j - CUT) * h), 0);
    if (mean > 1) high = tilt;
    else low = tilt;
  }
  return weights((low + high) / 2);
}
