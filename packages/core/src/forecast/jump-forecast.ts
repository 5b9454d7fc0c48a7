import type { Bar } from './bars.js';
import { barsPerDay } from './daily-forecaster.js';
import { HistoryTooShortError } from './errors.js';
import { leeMyklandJumps } from './jumps.js';
import { horizonDays } from './realised-variance.js';

/** What jumps to expect over a horizon. */
export interface JumpForecast {
  readonly model: string;
  readonly horizonSeconds: number;
  /** Of days with a jump. */
  readonly expectedJumpDays: number;
  /** Of at least one. */
  readonly probability: number;
  /** Mean of |logarithmic return| of the jumps so far; 0 before the first. */
  readonly meanSize: number;
}

/** A forecaster sees bars up to now and nothing else. Pure and deterministic. */
export interface JumpForecaster {
  readonly id: string;
  /** Forecasts after the first `seen` bars, for each entry of `seen`, ascending. */
  series(bars: readonly Bar[], horizonSeconds: number, seen: readonly number[]): JumpForecast[];
}

const LEAST_DAYS = 180;
const REFIT_DAYS = 30;
/** Days of the prior rate, one jump day a month, that stand beside what was observed. */
const PRIOR_DAYS = 60;
const PRIOR_RATE = 1 / 30;
/** Shares of jumps that are the echo of earlier ones, and days after which an echo has halved, that are tried. */
const ECHOES = [0, 0.1, 0.2, 0.3, 0.4, 0.5] as const;
const HALF_LIVES = [1, 2, 4, 8, 16, 32] as const;
/** A model with an echo must explain the past better by so much log-likelihood (two parameters, Akaike 1974). */
const PRICE_OF_ECHO = 2;

/** Jump days come at the rate at which they came so far, whenever the last was: the forecaster to beat. */
export function jumpBaseRate(): JumpForecaster {
  return jumpForecaster('jump-base-rate', () => ({ echo: 0, decay: 0 }));
}

/**
 * Self-exciting jump days: the rate is its long-run mean plus an echo of each past jump day, which decays. Echo and
 * half-life are those of highest likelihood on a grid, or none where it does not pay for its two parameters; refitted every
 * thirty days.
 *
 * Source: Hawkes (1971); in discrete time for jumps of prices as Aït-Sahalia, Cacho-Diaz and Laeven (2015).
 */
export function selfExcitingJumps(): JumpForecaster {
  return jumpForecaster('jump-self-exciting', likeliestEcho);
}

interface Echo {
  /** Expected number of jump days that one calls forth. */
  readonly echo: number;
  /** Of the echo, a day. */
  readonly decay: number;
}

function jumpForecaster(id: string, fit: (jumped: readonly boolean[]) => Echo): JumpForecaster {
  const series = (bars: readonly Bar[], horizonSeconds: number, seen: readonly number[]): JumpForecast[] => {
    const days = horizonDays(horizonSeconds);
    const perDay = barsPerDay(bars);
    const { jumped, sizes } = jumpDays(bars, perDay);
    const fits = new Map<number, Echo>();
    return seen.map((count) => {
      const dayCount = Math.floor(count / perDay);
      if (dayCount < LEAST_DAYS) throw new HistoryTooShortError(count, LEAST_DAYS * perDay);
      const fitDays = dayCount - (dayCount % REFIT_DAYS);
      const echo = fits.get(fitDays) ?? fit(jumped.slice(0, fitDays));
      fits.set(fitDays, echo);
      const expectedJumpDays = expected(echo, jumped.slice(0, dayCount), days);
      const past = sizes.filter(({ day }) => day < dayCount);
      const meanSize = past.reduce((sum, { size }) => sum + size, 0) / Math.max(1, past.length);
      const probability = 1 - Math.exp(-expectedJumpDays);
      return Object.freeze({ model: id, horizonSeconds, expectedJumpDays, probability, meanSize });
    });
  };
  return Object.freeze({ id, series } satisfies JumpForecaster);
}

/** Which of the days, counted from the first bar, had a jump; and how large jumps were. */
export function jumpDays(
  bars: readonly Bar[],
  perDay: number,
): { readonly jumped: readonly boolean[]; readonly sizes: readonly { readonly day: number; readonly size: number }[] } {
  const jumped = new Array<boolean>(Math.floor(bars.length / perDay)).fill(false);
  const sizes = leeMyklandJumps(bars)
    .map(({ bar, size }) => ({ day: Math.floor(bar / perDay), size: Math.abs(size) }))
    .filter(({ day }) => day < jumped.length);
  for (const { day } of sizes) jumped[day] = true;
  return { jumped, sizes };
}

function baseRate(jumped: readonly boolean[]): number {
  const count = jumped.reduce((sum, each) => sum + Number(each), 0);
  return (count + PRIOR_RATE * PRIOR_DAYS) / (jumped.length + PRIOR_DAYS);
}

/** The rate after the last day, where the long-run rate is `base`. */
function rateAfter(jumped: readonly boolean[], base: number, { decay, echo }: Echo): number {
  let memory = base / (1 - decay);
  for (const each of jumped) memory = decay * memory + Number(each);
  return base * (1 - echo) + echo * (1 - decay) * memory;
}

/** Expected jump days of the `days` days that follow: the rate reverts to its mean by decay plus what echoes renew. */
function expected(echo: Echo, jumped: readonly boolean[], days: number): number {
  const base = baseRate(jumped);
  const excess = rateAfter(jumped, base, echo) - base;
  const persistence = echo.decay + echo.echo * (1 - echo.decay);
  return base * days + (excess * (1 - persistence ** days)) / (1 - persistence);
}

function likeliestEcho(jumped: readonly boolean[]): Echo {
  const base = baseRate(jumped);
  const candidates = ECHOES.flatMap((echo) =>
    (echo === 0 ? [1] : HALF_LIVES).map((halfLife) => ({ echo, decay: echo === 0 ? 0 : 0.5 ** (1 / halfLife) })),
  );
  let best: { readonly candidate: Echo; readonly score: number } | undefined;
  for (const candidate of candidates) {
    const score = logLikelihood(jumped, base, candidate) - (candidate.echo === 0 ? 0 : PRICE_OF_ECHO);
    if (best === undefined || score > best.score) best = { candidate, score };
  }
  return best!.candidate;
}

function logLikelihood(jumped: readonly boolean[], base: number, { decay, echo }: Echo): number {
  let memory = base / (1 - decay);
  let sum = 0;
  for (const each of jumped) {
    const rate = base * (1 - echo) + echo * (1 - decay) * memory;
    sum += each ? Math.log(-Math.expm1(-rate)) : -rate;
    memory = decay * memory + Number(each);
  }
  return sum;
}
