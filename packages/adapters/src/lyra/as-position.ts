import { Decimal, decimalFromNumber, type DecimalString, fromAtoms, type OptionPosition } from '@evenkeel/core';
import { isCall, isLong } from './market.js';
import type { LyraPosition } from './read.js';

const WAD = { decimals: 18 } as const;
const E18 = 10n ** 18n;
const SECONDS_PER_YEAR = 365 * 86_400;

/** `averaged`: what the venue's own greeks are made with. `current`: what its next trade starts from. */
export type LyraVolatility = 'averaged' | 'current';

/**
 * A position in the terms of the core. Lyra prices by Black–Scholes on the spot with one rate for interest and carry, which
 * is Black-76 on the forward spot · e^{rτ}, discounted with r.
 *
 * @param volatility per √year, 18 decimals
 * @param annualRate per year, 18 decimals
 */
export function asOption(
  { amount, expirySeconds, kind, strikePrice }: LyraPosition,
  volatility: bigint,
  annualRate: bigint,
  nowSeconds: number,
): OptionPosition {
  const years = Math.max(0, expirySeconds - nowSeconds) / SECONDS_PER_YEAR;
  const rate = fromAtoms(WAD, annualRate);
  return {
    kind: 'option',
    optionType: isCall(kind) ? 'call' : 'put',
    sizeUnits: signedUnits(amount, isLong(kind)),
    strike: fromAtoms(WAD, strikePrice),
    expirySeconds,
    annualVolatility: fromAtoms(WAD, volatility),
    forwardRatio: decimalFromNumber(Math.exp(Number(rate) * years), 'forwardRatio'),
    annualRate: rate,
  };
}

/** The volatility of a position by one of the two conventions, rounded down as the venue rounds. */
export function volatilityOf(position: LyraPosition, convention: LyraVolatility): bigint | undefined {
  const parts = convention === 'averaged' ? position.averaged : position.volatility;
  return parts && (parts.iv * parts.skew) / E18;
}

function signedUnits(amount: bigint, long: boolean): DecimalString {
  const units = new Decimal(fromAtoms(WAD, amount));
  return (long ? units : units.negated()).toFixed();
}
