import { Decimal, type Decision, type Exposure } from '@evenkeel/core';
import type { Waiting } from '@evenkeel/core/batch';

/** What the last look says of a portfolio: how far it is from trading, and how fast its delta drifts. Units. */
export interface Outlook {
  readonly atMs: number;
  /** The middle of what it may be. */
  readonly deltaUnits: number;
  readonly gammaPerUnit: number;
  readonly band: Readonly<Record<'low' | 'innerLow' | 'target' | 'innerHigh' | 'high', number>> | undefined;
  /** What it would trade now, signed; undefined where it holds. */
  readonly changeUnits: number | undefined;
}

export function outlookOf(exposure: Exposure, decision: Decision, atMs: number): Outlook {
  const { delta, gammaPerUnit } = exposure;
  const { band } = decision;
  return Object.freeze({
    atMs,
    deltaUnits: new Decimal(delta.low).plus(delta.high).div(2).toNumber(),
    gammaPerUnit,
    band:
      band === undefined
        ? undefined
        : Object.freeze({
            low: Number(band.low),
            innerLow: Number(band.innerLow),
            target: Number(band.target),
            innerHigh: Number(band.innerHigh),
            high: Number(band.high),
          }),
    changeUnits: decision.action === 'trade' ? Number(decision.deltaChangeUnits) : undefined,
  });
}

/** The half of the band on the side where the delta is, and how far out that is. Without a band all of it is open. */
export function opennessOf({ band, deltaUnits }: Outlook): {
  readonly band: Waiting['band'];
  readonly deviationUnits: number;
} {
  if (band === undefined) return { band: { outer: 0, inner: 0 }, deviationUnits: deltaUnits };
  const { high, innerHigh, innerLow, low, target } = band;
  const deviationUnits = deltaUnits - target;
  return deviationUnits > 0
    ? { band: { outer: high - target, inner: innerHigh - target }, deviationUnits }
    : { band: { outer: target - low, inner: target - innerLow }, deviationUnits };
}
