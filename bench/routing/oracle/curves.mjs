// What a pool or a bridge pays, as straight pieces between points of its own curve: written for the oracle alone, from
// the papers, and always a little less than the curve itself.
import { NOTHING, straight } from './piecewise.mjs';

/**
 * @param offer a pool of the problem with the index of the token that is paid in, or a bridge
 * @param decimals of the token paid in and of the token paid out
 * @param most the largest input that matters, in units
 * @param fineness straight pieces for one smooth stretch
 * @param depth the most ticks that a concentrated pool may cross
 */
export function piecesOf(offer, decimals, most, fineness, depth = Infinity) {
  switch (offer.kind) {
    case 'bridge':
      return straight(1 - offer.feePpm / 1e6, units(offer.maxAmount, decimals[0]));
    case 'constant-product':
      return constantProduct(offer, decimals, most, fineness);
    case 'concentrated':
      return concentrated(offer, decimals, most, fineness, depth);
    case 'stable-swap':
      return stableSwap(offer, decimals, most, fineness);
    case 'levels':
      return fromLevels(offer.levels, decimals);
    case 'ladder':
      return fromLevels(
        offer.points.map(({ amountIn, amountOut }, i) => ({
          amountIn: BigInt(amountIn) - BigInt(offer.points[i - 1]?.amountIn ?? 0),
          amountOut: BigInt(amountOut) - BigInt(offer.points[i - 1]?.amountOut ?? 0),
        })),
        decimals,
      );
    default:
      throw new Error(`The oracle does not know offers of kind ${offer.kind}.`);
  }
}

const units = (atoms, decimals) => Number(atoms) / 10 ** decimals;

function constantProduct({ feePpm, reserves, tokenInIndex }, decimals, most, fineness) {
  const x = units(reserves[tokenInIndex], decimals[0]);
  const y = units(reserves[1 - tokenInIndex], decimals[1]);
  return arc(Math.sqrt(x * y), Math.sqrt(y / x), 0, 1 - feePpm / 1e6, most, fineness);
}

/**
 * One stretch of constant product (Adams et al. 2021): it pays L·(h − s) for L·(1/s − 1/h)/φ, s the root of the price.
 * Chords between even steps of s; the slope of a chord is the product of its ends.
 */
function arc(liquidity, high, low, keep, most, fineness) {
  const end = Math.max(low, 1 / (1 / high + (most * keep) / liquidity));
  const widths = [];
  const slopes = [];
  const step = (high - end) / fineness;
  for (let i = 0; i < fineness; i++) {
    const from = high - i * step;
    const to = i === fineness - 1 ? end : from - step;
    if (!(to < from)) continue;
    widths.push((liquidity * (1 / to - 1 / from)) / keep);
    slopes.push(from * to * keep);
  }
  return { widths, slopes };
}

/** Root of the price after as many ticks. */
const rootAt = (tick) => Math.exp((tick / 2) * Math.log(1.0001));

function concentrated(pool, decimals, most, fineness, depth) {
  const { feePpm, liquidity, sqrtPriceX96, tick, ticks, tokenInIndex } = pool;
  const down = tokenInIndex === 0;
  // Raw roots turned into out-per-in of whole units: √(raw out/in) · 10^((in − out)/2).
  const unit = 10 ** ((decimals[0] - decimals[1]) / 2);
  const scale = 10 ** (-(decimals[0] + decimals[1]) / 2);
  const ahead = down
    ? ticks.filter(({ index }) => index <= tick).sort((a, b) => b.index - a.index)
    : ticks.filter(({ index }) => index > tick).sort((a, b) => a.index - b.index);
  let active = Number(liquidity);
  let from = Number(sqrtPriceX96) / 2 ** 96;
  let left = most;
  const parts = [];
  for (const [crossed, { index, liquidityNet }] of ahead.entries()) {
    if (crossed > depth || left <= 0) break;
    const to = rootAt(index);
    if (active > 0 && (down ? to < from : to > from)) {
      const [high, low] = down ? [from * unit, to * unit] : [unit / from, unit / to];
      const part = arc(active * scale, high, low, 1 - feePpm / 1e6, left, fineness);
      parts.push(part);
      left -= part.widths.reduce((sum, width) => sum + width, 0);
    }
    active += down ? -Number(liquidityNet) : Number(liquidityNet);
    from = to;
  }
  return { widths: parts.flatMap(({ widths }) => widths), slopes: parts.flatMap(({ slopes }) => slopes) };
}

/** The StableSwap invariant for two coins (Egorov 2019), solved by bisection; the fee is taken from what is paid out. */
function stableSwap({ amplification, balances, feePpm, rates, tokenInIndex }, decimals, most, fineness) {
  const [x, y] = [balances[tokenInIndex], balances[1 - tokenInIndex]].map((atoms) => Number(atoms) / 1e18);
  // A rate turns atoms into 18-decimal terms: worth of one whole unit.
  const worthIn = (Number(rates[tokenInIndex]) / 1e18) * 10 ** (decimals[0] - 18);
  const worthOut = (Number(rates[1 - tokenInIndex]) / 1e18) * 10 ** (decimals[1] - 18);
  const ann = (Number(amplification) / 100) * 2;
  // A·n·(x + y) + D = A·n·D + D³/(4xy); the contracts write A·n for the A·nⁿ of the paper.
  const excess = (a, b, d) => ann * (a + b) + d - ann * d - (d * d * d) / (4 * a * b);
  const d = bisected((guess) => excess(x, y, guess) > 0, 0, 2 * (x + y));
  const remaining = (a) => bisected((b) => excess(a, b, d) < 0, 0, y);
  const paid = (amount) => ((y - remaining(x + amount * worthIn)) * (1 - feePpm / 1e6)) / worthOut;
  const widths = [];
  const slopes = [];
  let before = 0;
  let slope = Infinity;
  // Even steps to where the pool is about empty, then ever longer ones: there is little more to have.
  const even = Math.ceil(fineness * 0.75);
  const near = Math.min(most, (1.2 * (x + y)) / worthIn);
  const last = fineness - even;
  for (let i = 0; i < fineness; i++) {
    if (near === most && i === even) break;
    const to = i < even ? (near * (i + 1)) / even : near * (most / near) ** ((i + 1 - even) / last);
    const width = to - (i <= even ? (near * i) / even : near * (most / near) ** ((i - even) / last));
    // Beyond what a float tells apart there is nothing to divide.
    if (!(width > 0)) continue;
    const after = paid(to);
    // Bisection ends at the last digit, which must not make the function bend the wrong way.
    slope = Math.min(slope, (after - before) / width);
    if (!(slope > 0)) break;
    widths.push(width);
    slopes.push(slope);
    before = after;
  }
  return { widths, slopes };
}

function bisected(isBelow, from, to) {
  let [low, high] = [from, to];
  for (let i = 0; i < 70 && high - low > high * 1e-16; i++) {
    const middle = (low + high) / 2;
    if (isBelow(middle)) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

function fromLevels(levels, decimals) {
  if (levels.length === 0) return NOTHING;
  const pieces = levels
    .map(({ amountIn, amountOut }) => ({ width: units(amountIn, decimals[0]), out: units(amountOut, decimals[1]) }))
    .map(({ out, width }) => ({ width, slope: out / width }))
    .sort((a, b) => b.slope - a.slope);
  return { widths: pieces.map(({ width }) => width), slopes: pieces.map(({ slope }) => slope) };
}
