/** Quantile of the standard normal distribution that nine tenths lie within. */
export const NORMAL_90 = 1.644853626951;
/** Mean absolute value over standard deviation of a normal distribution, inverted. */
const ABSOLUTE_TO_STD_DEV = Math.sqrt(Math.PI / 2);
const MISSED = 0.1;
/** However few windows were seen, so much of it may be missed: no width is without an end. */
const LEAST_MISSED = MISSED / 2;
/** Errors before a width is taken from them. */
const LEAST_ERRORS = 30;
/** However often outcomes were missed or held, a width stays within a factor of 4.5 of what recent errors say. */
const MOST_LOG_FACTOR = 1.5;
/** Change of the logarithm of the width, of one outcome, where outcomes do not overlap much. */
const MOST_STEP = 0.05;
/** The same over as many outcomes as overlap. */
const WINDOW_STEP = 2;

/**
 * Half widths of intervals that hold nine outcomes in ten in the long run, whatever the outcomes do: the recent mean
 * error, times a factor that rises with each outcome outside and falls with each inside, nine times slower. A window that
 * overlaps others says less, so its step is less by their number. By its sum, the share of misses differs from a tenth
 * by no more than the change of the factor's logarithm over step times count, and by what has not come yet.
 *
 * As long as few windows side by side were seen, fewer may be missed: of n of them the width that holds the next one nine
 * times out of ten is the ⌈(n + 1)·0.9⌉th largest, so that 0.1 − 0.9/n of those seen lie beyond it.
 *
 * Source: Gibbs and Candès, "Adaptive conformal inference under distribution shift" (2021); Angelopoulos, Candès and
 * Tibshirani, "Conformal PID control for time series prediction" (2023), on tracking the quantile itself; Vovk, Gammerman
 * and Shafer, "Algorithmic learning in a random world" (2005), on the quantile of few.
 *
 * @param errors entry i is outcome less prediction of a forecast made at sample i; undefined where none was made
 * @param ahead samples from a forecast to its outcome
 * @param halfLife samples after which an error counts half
 * @returns entry i is the width at sample i, from outcomes up to it; undefined while there are too few
 */
export function adaptiveHalfWidths(
  errors: readonly (number | undefined)[],
  count: number,
  ahead: number,
  halfLife: number,
): (number | undefined)[] {
  const decay = 0.5 ** (1 / halfLife);
  const step = Math.min(MOST_STEP, WINDOW_STEP / ahead);
  const widths: (number | undefined)[] = [];
  let logFactor = 0;
  let sum = 0;
  let weight = 0;
  let seen = 0;
  for (let i = 0; i < count; i++) {
    const size = Math.abs(errors[i - ahead] ?? Number.NaN);
    if (size >= 0) {
      const width = widths[i - ahead];
      if (width !== undefined) {
        const moved = logFactor + step * ((size > width ? 1 : 0) - allowedMisses((seen + 1) / ahead));
        logFactor = Math.min(MOST_LOG_FACTOR, Math.max(-MOST_LOG_FACTOR, moved));
      }
      sum = sum * decay + size;
      weight = weight * decay + 1;
      seen++;
    }
    const scale = (ABSOLUTE_TO_STD_DEV * sum) / weight;
    widths.push(seen < LEAST_ERRORS ? undefined : NORMAL_90 * scale * Math.exp(logFactor));
  }
  return widths;
}

/** Share of outcomes that a width may miss once `windows` side by side were seen. */
function allowedMisses(windows: number): number {
  return Math.max(LEAST_MISSED, MISSED - (1 - MISSED) / windows);
}
