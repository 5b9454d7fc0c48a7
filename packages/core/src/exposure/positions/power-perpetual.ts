import type { Greeks } from '../../model/exposure.js';
import type { PowerPerpetualPosition } from '../../model/position.js';
import { toNumber, toPositive } from '../number.js';
import { linearAsset, withBasisOf } from './asset-units.js';

/** Squeeth counts the square of the spot in ten-thousandths. */
const SCALE = 10_000;
const DAYS_PER_YEAR = 365;

/**
 * A perpetual on the squared spot: V = nf·S²·e^{σ²f}/10⁴ with f the funding period in years. Value, delta and gamma tie
 * together by the Black–Scholes equation without rates, from which theta (the decay of the normalisation factor) is
 * −σ²V a year.
 *
 * Source: White, Robinson, Koticha, Leone, Gauba, Krishnan, "Power Perpetuals" (Paradigm, 2021); Opyn squeeth.
 */
export function powerPerpetualGreeks(position: PowerPerpetualPosition, spot: number): Greeks {
  const tokens = toNumber(position.sizeTokens, 'position.sizeTokens');
  const factor = toPositive(position.normalisationFactor, 'position.normalisationFactor');
  const volatility = toPositive(position.annualVolatility, 'position.annualVolatility');
  const years = toPositive(position.fundingPeriodDays, 'position.fundingPeriodDays') / DAYS_PER_YEAR;
  const collateral = linearAsset(position.collateral, () => 'position.collateral');
  const variance = volatility * volatility;
  const value = (tokens * factor * spot * spot * Math.exp(variance * years)) / SCALE;
  const greeks: Greeks = {
    value: value + collateral.deltaUnits * spot + collateral.fixedValue,
    deltaUnits: (2 * value) / spot + collateral.deltaUnits,
    gammaPerUnit: (2 * value) / (spot * spot),
    vegaPerPoint: (value * 2 * volatility * years) / 100,
    thetaPerDay: (-variance * value) / DAYS_PER_YEAR,
  };
  return withBasisOf(greeks, position.collateral, collateral.deltaUnits, spot);
}
