import type { Greeks } from '../../model/exposure.js';
import type { InversePerpetualPosition } from '../../model/position.js';
import { toNumber, toPositive } from '../number.js';

/**
 * An inverse perpetual future: it pays n·(1/e − 1/S) units of the underlying, which are worth n·(S/e − 1) in numeraire.
 * So its delta is n/e and it has no gamma in numeraire, though it has one in coin.
 */
export function inversePerpetualGreeks(position: InversePerpetualPosition, spot: number): Greeks {
  const notional = toNumber(position.notional, 'position.notional');
  const margin = toNumber(position.marginUnits, 'position.marginUnits');
  const size = notional / toPositive(position.entryPrice, 'position.entryPrice');
  return {
    value: size * spot - notional + margin * spot,
    deltaUnits: size + margin,
    gammaPerUnit: 0,
    vegaPerPoint: 0,
    thetaPerDay: 0,
  };
}
