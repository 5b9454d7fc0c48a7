import type { HedgingProblem } from './problem.js';
import { liabilityOf } from './product.js';

/** How fine the yardstick is. */
export interface YardstickResolution {
  /** Number of holdings. */
  readonly holdings: number;
  /** Standard deviations of the whole period that the spot may move. Default 9. */
  readonly deviations?: number;
}

/**
 * The optimum once more, written apart from the lattice to check it: certainty equivalents as they are (no exponential
 * scaling), every holding of a fixed and fine grid at every spot, every pair of trades by plain running minima, no
 * parabola, no window, a wider spot range at whose ends the walk stops, and the kernel's tilt by bisection. Slow and
 * simple on purpose; it is not part of the policy.
 */
export function yardstick(problem: HedgingProblem, { deviations = 9, holdings: count }: YardstickResolution): number {
  const { annualRate, annualVolatility, fixedCost, product, proportionalCost, settlement, spot, steps, years } =
    problem;
  const aversion = problem.riskAversion * Math.exp(annualRate * years);
  const h = annualVolatility * Math.sqrt(years / steps);
  const kernel = tilted(h);
  const reach = Math.ceil(deviations * Math.sqrt(steps));
  const size = 2 * reach + 1;
  const x = Array.from({ length: size }, (_, i) => spot * Math.exp((i - reach) * h));
  const { delta, payoff } = liabilityOf(product, problem);
  const wanted = x.map((value) => delta(value, years));
  const lowest = Math.min(0, ...(product.kind === 'lp' ? wanted : wanted.map(Math.round)));
  const highest = Math.max(0, ...wanted.map(Math.round)) * (settlement === 'unwind' ? 1 / (1 - proportionalCost) : 1);
  // Liquidity wants ever more as the spot falls: its holdings are the hedges at evenly spaced log spots instead.
  const hedge = (m: number): number => delta(spot * Math.exp(h * reach * ((2 * m) / (count - 2) - 1)), years);
  const even = (m: number): number => lowest + ((highest - lowest) * m) / (count - 1);
  const ys = Array.from({ length: count }, (_, m) =>
    product.kind === 'lp' ? (m < count - 1 ? hedge(m) : 0) : even(m),
  );
  const flat = ys.reduce((best, y, m) => (Math.abs(y) < Math.abs(ys[best]!) ? m : best), 0);
  ys[flat] = 0;
  const growth = Math.exp(annualRate * years);
  const owed = x.map((value) => payoff(value * growth) / growth);
  const unwind = (m: number, i: number): number =>
    settlement === 'free' || m === flat ? 0 : fixedCost / growth + proportionalCost * x[i]! * Math.abs(ys[m]!);
  let q = x.map((_, i) => Float64Array.from(ys, (_y, m) => owed[i]! + unwind(m, i)));
  let premium = Float64Array.from(owed);
  const stay = new Float64Array(count);
  for (let step = steps - 1; step >= 0; step--) {
    const fixed = fixedCost * Math.exp((-annualRate * years * step) / steps);
    const before = q.map((row) => row.slice());
    const nextPremium = premium.slice();
    for (let i = 7; i < size - 7; i++) {
      if (Math.abs(i - reach) > 7 * step) continue;
      nextPremium[i] = kernel.reduce((sum, p, j) => sum + p * premium[i + j - 7]!, 0);
      for (let m = 0; m < count; m++) {
        let top = Number.NEGATIVE_INFINITY;
        for (let j = 0; j < 15; j++) top = Math.max(top, q[i + j - 7]![m]! - ys[m]! * x[i + j - 7]!);
        let sum = 0;
        for (let j = 0; j < 15; j++) {
          sum += kernel[j]! * Math.exp(aversion * (q[i + j - 7]![m]! - ys[m]! * x[i + j - 7]! - top));
        }
        stay[m] = ys[m]! * x[i]! + top + Math.log(sum) / aversion;
      }
      const row = before[i]!;
      const charge = proportionalCost * x[i]!;
      row.set(stay);
      for (let m = count - 2, best = stay[count - 1]!; m >= 0; m--) {
        best = Math.min(stay[m]!, best + charge * (ys[m + 1]! - ys[m]!));
        row[m] = Math.min(row[m]!, fixed + best);
      }
      for (let m = 1, best = stay[0]!; m < count; m++) {
        best = Math.min(stay[m]!, best + charge * (ys[m]! - ys[m - 1]!));
        row[m] = Math.min(row[m]!, fixed + best);
      }
    }
    q = before;
    premium = nextPremium;
  }
  return q[reach]![flat]! - premium[reach]!;
}

function tilted(h: number): number[] {
  const weights = (tilt: number): number[] => {
    const raw = Array.from({ length: 15 }, (_, j) => Math.exp(-0.5 * (j - 7) ** 2 + tilt * (j - 7)));
    const mass = raw.reduce((sum, weight) => sum + weight, 0);
    return raw.map((weight) => weight / mass);
  };
  let low = -2;
  let high = 1;
  for (let i = 0; i < 100; i++) {
    const tilt = (low + high) / 2;
    const mean = weights(tilt).reduce((sum, weight, j) => sum + weight * Math.exp((j - 7) * h), 0);
    if (mean > 1) high = tilt;
    else low = tilt;
  }
  return weights((low + high) / 2);
}
