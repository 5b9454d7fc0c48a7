import { statSync } from 'node:fs';
import type { Clock } from '@evenkeel/core';
import { pacedSlices, type Pacing } from '@evenkeel/core/schedule';
import { readVolumes } from '../candles/read-volumes.js';
import { type VolumeForecast, volumeForecast } from '../candles/volume-forecast.js';

/**
 * The paces of the schedule station. With a file of volumes `vwap` and `pov` follow what is expected from it: the file is read
 * again when it has changed, so that a running trade follows the day as it comes.
 *
 * @throws CANDLES_UNREADABLE, CANDLES_INVALID for a file that is none, or lacks the last days
 */
export function livePacing(volumeFile: string | undefined, clock: Pick<Clock, 'now'>): Pacing {
  if (volumeFile === undefined) return pacedSlices;
  const forecastOf = volumesOf(volumeFile);
  const nowSeconds = Math.floor(clock.now() / 1000);
  // What is wrong with it is told before the first trade.
  forecastOf().over({ startSeconds: nowSeconds, endSeconds: nowSeconds + 1 }, 1, nowSeconds);
  return (question) => {
    const { maxParts, nowSeconds, schedule } = question;
    if (schedule.kind !== 'vwap' && schedule.kind !== 'pov') return pacedSlices(question);
    return pacedSlices({ ...question, volumeUnits: forecastOf().over(schedule, maxParts, nowSeconds) });
  };
}

function volumesOf(file: string): () => VolumeForecast {
  let state: string | undefined;
  let forecast: VolumeForecast | undefined;
  return () => {
    const stats = statSync(file, { throwIfNoEntry: false, bigint: true });
    const now = stats && `${stats.ino}:${stats.mtimeNs}:${stats.size}`;
    if (forecast !== undefined && now === state) return forecast;
    try {
      forecast = volumeForecast(file, readVolumes(file));
      state = now;
    } catch (error) {
      // Somebody may be writing it: what was read before will do until the next look.
      if (forecast === undefined) throw error;
    }
    return forecast;
  };
}
