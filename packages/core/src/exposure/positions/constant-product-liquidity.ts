import type { Greeks } from '../../model/exposure.js';
import type { ConstantProductPosition } from '../../model/position.js';
import { atomsToNumber } from '../number.js';

/**
 * Value and greeks of a share of an x·y = L² pool whose other token is the numeraire, at the market's spot: once
 * arbitrage has done its work the share holds L/√S of the underlying and L·√S of the other token.
 *
 * Source: Angeris et al., "An analysis of Uniswap markets" (2019), section 2.
 */
export function constantProductGreeks(position: ConstantProductPosition, spot: number): Greeks {
  const { amounts, decimals } = position;
  const liquidity = Math.sqrt(atomsToNumber(amounts[0], decimals[0]) * atomsToNumber(amounts[1], decimals[1]));
  const root = Math.sqrt(spot);
  return {
    value: 2 * liquidity * root,
    deltaUnits: liquidity / root,
    gammaPerUnit: -liquidity / (2 * spot * root),
    vegaPerPoint: 0,
    thetaPerDay: 0,
  };
}
