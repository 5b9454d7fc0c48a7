import { ScheduleInvalidError } from './errors.js';

/** How far a price still was from where it came back to, some time after a trade. */
export interface Recovery {
  readonly elapsedSeconds: number;
  /** Distance right after the trade; not zero. */
  readonly initial: number;
  /** Distance after `elapsedSeconds`, in the same unit and sign. */
  readonly remaining: number;
}

export interface Resilience {
  /** ρ: what is missing falls as e^{−ρt}. */
  readonly perSecond: number;
  readonly halfLifeSeconds: number;
  /** Of ρ, from the residuals; a seventh part of ρ or less is a good measurement. */
  readonly standardError: number;
  readonly observations: number;
}

const GRID = 240;
const STEPS = 80;

/**
 * ρ of pools from price recoveries that were observed, by least squares of remaining/initial on e^{−ρt}. The recoveries
 * themselves are fitted, not their logarithms, so that noise around a full recovery does no harm.
 *
 * @throws {ScheduleInvalidError} for fewer than two observations, or one that is none
 * @example
 * ```ts
 * estimateResilience([{ elapsedSeconds: 12, initial: 40, remaining: 22 }, { elapsedSeconds: 60, initial: 40, remaining: 2 }])
 * ```
 */
export function estimateResilience(recoveries: readonly Recovery[]): Resilience {
  if (recoveries.length < 2) {
    const hint = 'Observe the price at several times after a trade.';
    throw new ScheduleInvalidError('recoveries', recoveries.length, 'are fewer than two observations', hint);
  }
  const points = recoveries.map(({ elapsedSeconds, initial, remaining }, i) => {
    const share = remaining / initial;
    if (elapsedSeconds > 0 && Number.isFinite(elapsedSeconds) && Number.isFinite(share)) {
      return { time: elapsedSeconds, share };
    }
    const hint = 'Give a time above zero, and distances of which the first is not zero.';
    throw new ScheduleInvalidError(`recoveries.${i}`, recoveries[i], 'is no recovery', hint);
  });
  const loss = (log: number): number =>
    points.reduce((sum, { share, time }) => sum + (share - Math.exp(-Math.exp(log) * time)) ** 2, 0);
  const times = points.map(({ time }) => time);
  const perSecond = Math.exp(lowest(loss, Math.log(1e-4 / Math.max(...times)), Math.log(40 / Math.min(...times))));
  const slope = points.reduce((sum, { time }) => sum + (time * Math.exp(-perSecond * time)) ** 2, 0);
  const variance = loss(Math.log(perSecond)) / (points.length - 1);
  return Object.freeze({
    perSecond,
    halfLifeSeconds: Math.LN2 / perSecond,
    standardError: Math.sqrt(variance / slope),
    observations: points.length,
  });
}

/** The lowest point of a function on a grid, refined by golden section. */
function lowest(of: (x: number) => number, from: number, to: number): number {
  const width = (to - from) / GRID;
  let best = from;
  for (let i = 1; i <= GRID; i++) if (of(from + i * width) < of(best)) best = from + i * width;
  const golden = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [best - width, best + width];
  for (let step = 0; step < STEPS; step++) {
    const left = high - golden * (high - low);
    const right = low + golden * (high - low);
    if (of(left) <= of(right)) high = right;
    else low = left;
  }
  return (low + high) / 2;
}
