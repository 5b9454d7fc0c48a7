import { valuePosition } from '@evenkeel/core';
import type { Fail } from './check.js';
import type { InstrumentSubject } from './subject.js';

/** What an account is worth, and by how much that moves with the spot. */
export interface BookState {
  readonly value: number;
  readonly deltaUnits: number;
  readonly vegaPerPoint: number;
}

/** All positions of the owner at the subject's spot. */
export async function readBook({ owner, sources, spot }: InstrumentSubject, fail: Fail): Promise<BookState> {
  const signal = AbortSignal.timeout(30_000);
  const readings = (await Promise.all(sources.map((source) => source.read(owner, signal)))).flat();
  const greeks = readings.map((reading) => {
    if (reading.status === 'known') return valuePosition(reading.position, spot, reading.asOf.timeSeconds);
    const hint = 'Give sources that can read all that the owner has.';
    return fail('all positions of the owner to be known', `${reading.label} is not: ${reading.reason}`, hint);
  });
  const sum = (of: (each: (typeof greeks)[number]) => number): number =>
    greeks.reduce((total, each) => total + of(each), 0);
  return {
    value: sum(({ value }) => value),
    deltaUnits: sum(({ deltaUnits }) => deltaUnits),
    vegaPerPoint: sum(({ vegaPerPoint }) => vegaPerPoint),
  };
}
