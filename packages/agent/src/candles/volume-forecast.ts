import { fitVolumeModel, forecastVolume, type VolumeModel } from '@evenkeel/core/schedule';
import { CandlesInvalidError } from './errors.js';
import type { Volumes } from './read-volumes.js';

/** Volume that is expected, bin by bin. */
export interface VolumeForecast {
  /**
   * Volume of equal parts of a span, as it is expected at `nowSeconds`: of what has closed by then what was really traded,
   * of today what is left of its deviation from the usual day, of other days the usual day.
   *
   * @returns `parts` volumes, in the candles' own unit
   */
  over(
    span: { readonly startSeconds: number; readonly endSeconds: number },
    parts: number,
    nowSeconds: number,
  ): number[];
}

const DAY_SECONDS = 86_400;
/** The usual day is the mean of so many before it. */
const DAYS = 60;
const LEAST_DAYS = 5;

/**
 * What is traded in a market over the day (UTC), from its past days: the mean of each bin, and how long a deviation lasts.
 * Nothing of what was traded after `nowSeconds` is looked at.
 *
 * Source: Bialkowski, Darolles, Le Fol, "Improving VWAP strategies" (2008).
 *
 * @param file its name, for errors
 * @throws {CandlesInvalidError} CANDLES_INVALID by `over` while fewer than five whole days lie before it
 */
export function volumeForecast(file: string, { byTime, intervalSeconds }: Volumes): VolumeForecast {
  const bins = DAY_SECONDS / intervalSeconds;
  const models = new Map<number, VolumeModel>();
  const dayAt = (midnight: number): readonly (number | undefined)[] =>
    Array.from({ length: bins }, (_, bin) => byTime.get(midnight + bin * intervalSeconds));

  const modelOf = (today: number): VolumeModel => {
    const known = models.get(today);
    if (known !== undefined) return known;
    const days = Array.from({ length: DAYS }, (_, ago) => dayAt(today - (ago + 1) * DAY_SECONDS));
    const whole = days.filter((day): day is readonly number[] => day.every((volume) => volume !== undefined));
    if (whole.length < LEAST_DAYS) {
      const hint = `Give candles up to yesterday: of the last ${DAYS} days ${LEAST_DAYS} have to be whole.`;
      throw new CandlesInvalidError(file, 1, whole.length, `holds ${whole.length} whole days before this one`, hint);
    }
    const model = fitVolumeModel(whole);
    models.clear();
    models.set(today, model);
    return model;
  };

  return Object.freeze({
    over: ({ endSeconds, startSeconds }, parts, nowSeconds) => {
      const today = Math.floor(nowSeconds / DAY_SECONDS) * DAY_SECONDS;
      const model = modelOf(today);
      const closed = Math.floor((nowSeconds - today) / intervalSeconds);
      // Up to the first that is missing: a deviation is carried on from the last one that is known.
      const day = dayAt(today).slice(0, closed);
      const gap = day.indexOf(undefined);
      const seen = (gap < 0 ? day : day.slice(0, gap)) as readonly number[];
      const expected = forecastVolume(model, seen);
      const of = (bin: number): number => {
        const at = today + bin * intervalSeconds;
        if (bin >= 0 && bin < bins) return expected[bin]!;
        const traded = bin < 0 ? byTime.get(at) : undefined;
        return traded ?? model.profile[((bin % bins) + bins) % bins]!;
      };
      const upTo = (seconds: number): number => {
        const first = Math.floor((startSeconds - today) / intervalSeconds);
        const [whole, share] = [
          Math.floor((seconds - today) / intervalSeconds),
          ((seconds - today) / intervalSeconds) % 1,
        ];
        let sum = of(whole) * (share < 0 ? share + 1 : share);
        for (let bin = first; bin < whole; bin++) sum += of(bin);
        return sum;
      };
      const span = endSeconds - startSeconds;
      const ends = Array.from({ length: parts + 1 }, (_, i) => upTo(startSeconds + (span * i) / parts));
      return Array.from({ length: parts }, (_, i) => Math.max(0, ends[i + 1]! - ends[i]!));
    },
  } satisfies VolumeForecast);
}
