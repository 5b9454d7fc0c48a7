import { ScheduleInvalidError } from './errors.js';

/** The usual day and how long a deviation from it lasts. */
export interface VolumeModel {
  /** Mean volume of each bin. */
  readonly profile: readonly number[];
  /** Share of a bin's deviation from the profile that is left in the next one, from 0 to 1. */
  readonly persistence: number;
}

/**
 * Splits past volume into what all days share and what is a day's own: the mean of each bin, and an autoregression of
 * order one for the deviations.
 *
 * Source: Bialkowski, Darolles, Le Fol, "Improving VWAP strategies" (2008), with the mean as the common component.
 *
 * @param days volume by bin of past days, all with the same bins
 * @throws {ScheduleInvalidError} for no day, days of different length, or a negative volume
 */
export function fitVolumeModel(days: readonly (readonly number[])[]): VolumeModel {
  const bins = days[0]?.length ?? 0;
  if (bins === 0) {
    throw new ScheduleInvalidError('days', days.length, 'hold no volume', 'Give the volume by bin of past days.');
  }
  for (const [i, day] of days.entries()) {
    if (day.length === bins && day.every((volume) => volume >= 0 && Number.isFinite(volume))) continue;
    const hint = `Give ${bins} volumes from 0, as on the first day.`;
    throw new ScheduleInvalidError(`days.${i}`, day, 'is no day of volumes', hint);
  }
  const profile = Array.from({ length: bins }, (_, b) => days.reduce((sum, day) => sum + day[b]!, 0) / days.length);
  let product = 0;
  let square = 0;
  for (const day of days) {
    for (let b = 0; b + 1 < bins; b++) {
      const deviation = day[b]! - profile[b]!;
      product += deviation * (day[b + 1]! - profile[b + 1]!);
      square += deviation * deviation;
    }
  }
  const persistence = square > 0 ? Math.min(1, Math.max(0, product / square)) : 0;
  return Object.freeze({ profile: Object.freeze(profile), persistence });
}

/**
 * Volume of every bin of a day of which the first ones have been seen: what was seen, then the profile plus what is left of
 * the last deviation. Never negative.
 */
export function forecastVolume({ persistence, profile }: VolumeModel, seen: readonly number[]): readonly number[] {
  const last = seen.length - 1;
  const deviation = last < 0 ? 0 : (seen[last] ?? 0) - (profile[last] ?? 0);
  return profile.map((mean, b) => seen[b] ?? Math.max(0, mean + deviation * persistence ** (b - last)));
}
