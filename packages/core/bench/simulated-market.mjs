// A market whose law is known: hourly candles from a volatility of two speeds with working hours and leverage.

/** Uniform numbers from a seed: mulberry32. */
function uniforms(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const STEPS = 12;
const HOUR = 3600;
/** Per hour, of the slow and the fast part of ln σ, and how far each wanders. */
const SPEEDS = [1 / (24 * 40), 1 / 18];
const WIDTHS = [0.4, 0.45];
const LEVERAGE = -0.3;
const TYPICAL_VOLATILITY = 0.6;

/**
 * Candles of a price whose log-volatility is the sum of two Ornstein–Uhlenbeck processes, the fast one moved by the price
 * as well, times a factor of the hour: quiet nights and weekends.
 */
export function simulateMarket({ days, seed, startSeconds = 1_600_041_600 }) {
  const uniform = uniforms(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  const state = [0, 0];
  let price = 2000;
  return Array.from({ length: days * 24 }, (_, i) => {
    const timeSeconds = startSeconds + i * HOUR;
    const when = new Date(timeSeconds * 1000);
    const quiet = when.getUTCDay() % 6 === 0 ? 0.75 : 1.1;
    const hour = 1 + 0.25 * Math.cos((2 * Math.PI * (when.getUTCHours() - 15)) / 24);
    const scale = TYPICAL_VOLATILITY * Math.exp(state[0] + state[1]) * quiet * hour * Math.sqrt(1 / (365 * 24 * STEPS));
    const path = [price];
    let drift = 0;
    for (let step = 0; step < STEPS; step++) {
      const shock = normal();
      drift += shock / Math.sqrt(STEPS);
      path.push((price *= Math.exp(scale * shock - scale ** 2 / 2)));
    }
    SPEEDS.forEach((speed, k) => {
      const own = k === 1 ? LEVERAGE * drift + Math.sqrt(1 - LEVERAGE ** 2) * normal() : normal();
      state[k] += -speed * state[k] + WIDTHS[k] * Math.sqrt(2 * speed) * own;
    });
    return { timeSeconds, open: path[0], high: Math.max(...path), low: Math.min(...path), close: price };
  });
}
