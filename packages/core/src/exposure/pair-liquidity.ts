import type { Greeks } from '../model/exposure.js';
import type { ConcentratedLiquidityPosition, ConstantProductPosition } from '../model/position.js';
import {
  concentratedLiquidityGreeks,
  concentratedRange,
  underlyingInRange,
} from './positions/concentrated-liquidity.js';
import { constantProductGreeks } from './positions/constant-product-liquidity.js';

/** Greeks of a position in two tokens that both move, towards each, and across. */
export interface PairGreeks {
  /** Holds the whole value. */
  readonly base: Greeks;
  readonly quote: Greeks;
  readonly crossGamma: number;
  /** The largest delta towards each that a position of its size can have. */
  readonly baseGross: number;
  readonly quoteGross: number;
}

/**
 * Liquidity between two volatile tokens A and B. Counted in B it is worth v(p) at the price p = A/B, in numeraire
 * V = B·v(A/B); so by the chain rule ∂V/∂A = v', ∂V/∂B = v − p·v', and the second derivatives are v''/B towards A,
 * p²·v''/B towards B and −p·v''/B across: what moves with one price alone does not move when both do together.
 */
export function pairGreeks(
  position: ConcentratedLiquidityPosition | ConstantProductPosition,
  baseSpot: number,
  quoteSpot: number,
): PairGreeks {
  const price = baseSpot / quoteSpot;
  const inQuote =
    position.kind === 'concentrated-liquidity'
      ? concentratedLiquidityGreeks(position, price)
      : constantProductGreeks(position, price);
  const { deltaUnits, gammaPerUnit, value } = inQuote;
  const gamma = gammaPerUnit / quoteSpot;
  const quoteDelta = value - price * deltaUnits;
  const still = { value: 0, vegaPerPoint: 0, thetaPerDay: 0 };
  return {
    base: { ...still, value: value * quoteSpot, deltaUnits, gammaPerUnit: gamma },
    quote: { ...still, deltaUnits: quoteDelta, gammaPerUnit: price * price * gamma },
    crossGamma: -price * gamma,
    ...grossOf(position, deltaUnits, quoteDelta),
  };
}

function grossOf(
  position: ConcentratedLiquidityPosition | ConstantProductPosition,
  baseDelta: number,
  quoteDelta: number,
): Pick<PairGreeks, 'baseGross' | 'quoteGross'> {
  if (position.kind === 'constant-product-liquidity') return { baseGross: 2 * baseDelta, quoteGross: 2 * quoteDelta };
  const range = concentratedRange(position);
  const inQuote = range.liquidity * (Math.sqrt(range.high) - Math.sqrt(range.low));
  return {
    baseGross: underlyingInRange(range, range.low) + range.owedUnderlying,
    quoteGross: inQuote + range.owedNumeraire,
  };
}
