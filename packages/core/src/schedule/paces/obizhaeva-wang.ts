import { type Pace, type Slots, spread } from './pace.js';

/**
 * The continuous optimum for a book of constant depth that refills at rate ρ: equal blocks at both ends and a constant
 * rate between them. Shares of the whole trade.
 *
 * Source: Obizhaeva and Wang, "Optimal trading strategy and supply/demand dynamics" (2013), proposition 3.
 */
export function obizhaevaWangShares(
  resilience: number,
  span: number,
): { readonly block: number; readonly rate: number } {
  const all = resilience * span + 2;
  return { block: 1 / all, rate: resilience / all };
}

export interface ObizhaevaWangOptions extends Slots {
  /** ρ: what is missing from the pools falls by this share, per second. */
  readonly resiliencePerSecond: number;
}

/**
 * The same for a number of slices at equal distances: 1 at both ends and 1 − e^{−ρτ} between, up to scale, which is the
 * exact optimum of the discrete problem and tends to the continuous one.
 *
 * Source: Alfonsi, Fruth, Schied, "Optimal execution strategies in limit order books with general shape functions" (2010).
 */
export function obizhaevaWang({ resiliencePerSecond, ...slots }: ObizhaevaWangOptions): Pace {
  return {
    kind: 'obizhaeva-wang',
    propose: (work) => {
      const interval = (work.endSeconds - work.startSeconds) / slots.parts;
      const between = -Math.expm1(-resiliencePerSecond * interval);
      const last = slots.parts - 1;
      return spread(work, slots, (index) => (index === 0 || index === last ? 1 : between));
    },
  };
}
