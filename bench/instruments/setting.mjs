// One random setting: which delta is wanted for how long, and what the markets are like.
import { seededNumbers } from '@evenkeel/core/backtest';

/** How often the crowd trades the perpetual while it is held, and the outside price may move. */
export const STEPS = 8;
/** Of a step, over which the path is averaged. */
const PARTS = 32;
/** Of the premium, as share of the price, per √day. */
const LARGEST_NOISE = 0.0002;
/** As share of the price. Larger ones take the perpetual several blocks. */
const LARGEST_JUMP = 0.06;

export function settingOf(seed, index) {
  const numbers = seededNumbers(seed, index);
  const between = (low, high) => low + (high - low) * numbers.uniform();
  const logBetween = (low, high) => low * (high / low) ** numbers.uniform();
  const units = Math.round(logBetween(1, 40) * 1e4) / 1e4;
  const days = logBetween(0.25, 30);
  const halfLifeDays = logBetween(0.5, 20);
  const deviation = between(0, LARGEST_NOISE);
  const isShort = numbers.uniform() < 0.65;
  return {
    index,
    units: isShort ? -units : units,
    days,
    ownsUnderlying: isShort && numbers.uniform() < 0.4,
    gasGwei: logBetween(0.01, 30),
    capitalRate: between(0, 0.08),
    borrowedByOthers: Math.round(between(0, 1_900)),
    belief: { halfLifeDays, ratePerSqrtDay: deviation, basisPerSqrtDay: deviation },
    premiums: premiumPath(between(-0.005, 0.005), { days, halfLifeDays, deviation, normal: numbers.normal }),
    jump: between(-LARGEST_JUMP, LARGEST_JUMP),
  };
}

/**
 * The perpetual's price over the spot, drawn back to nothing, with noise: at the start, on average over each step, which is
 * where the crowd holds it, and at the end.
 */
function premiumPath(start, { days, deviation, halfLifeDays, normal }) {
  const parts = STEPS * PARTS;
  const stays = 2 ** (-days / parts / halfLifeDays);
  const noise = deviation * Math.sqrt(((1 - stays ** 2) * halfLifeDays) / (2 * Math.LN2));
  const path = [start];
  for (let part = 0; part < parts; part += 1) path.push(path.at(-1) * stays + noise * normal());
  const levels = Array.from({ length: STEPS }, (_, step) => {
    const own = path.slice(step * PARTS, (step + 1) * PARTS + 1);
    return own.slice(1).reduce((sum, each, at) => sum + (each + own[at]) / 2, 0) / PARTS;
  });
  return { start, levels, end: path.at(-1) };
}
