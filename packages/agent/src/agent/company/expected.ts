import type { BatchOrder } from '@evenkeel/core/batch';
import type { Address } from '@evenkeel/core';
import type { Outlook } from './outlook.js';

/** A portfolio that is not here yet. */
export interface Absent {
  readonly name: string;
  readonly owner: Address;
  readonly outlook: Outlook;
  /** Seconds until it is looked at next; 0 where it is on its way. */
  readonly comesInSeconds: number;
}

/** The market that all of them see. */
export interface Outdoors {
  readonly spot: number;
  readonly annualVolatility: number;
  readonly baseDecimals: number;
  readonly quoteDecimals: number;
  /** Ids of the markets that somebody may be settled in. */
  readonly markets: readonly string[];
}

/** Means of nine equal parts of a standard normal distribution, near enough: drawn once, so that nothing is by chance. */
const QUANTILES = [-1.593, -0.967, -0.589, -0.282, 0, 0.282, 0.589, 0.967, 1.593];
const YEAR_SECONDS = 365 * 86_400;
/** Whoever comes is expected to stand what others would: the auction itself says whether it does. */
const EXPECTED_LIMIT = 0.05;
const FOR_EVER = 2 ** 40;

/**
 * Who is expected to come within so many seconds, in nine futures of one price: all deltas drift with it, each by its own
 * gamma, and whoever is carried out of its band by then, and looked at, trades back to where its band says.
 */
export function expectedNeeds(
  absent: readonly Absent[],
  outdoors: Outdoors,
  waitSeconds: number,
): readonly (readonly BatchOrder[])[] {
  const spread = outdoors.annualVolatility * outdoors.spot * Math.sqrt(waitSeconds / YEAR_SECONDS);
  const coming = absent.filter(({ comesInSeconds }) => comesInSeconds <= waitSeconds);
  return QUANTILES.map((quantile) =>
    coming.flatMap((each) => {
      const change = changeOf(each.outlook, spread * quantile);
      return change === 0 ? [] : [orderOf(each, change, outdoors)];
    }),
  );
}

/** What it would trade once the price has moved. */
function changeOf({ band, changeUnits, deltaUnits, gammaPerUnit }: Outlook, move: number): number {
  if (changeUnits !== undefined) return changeUnits;
  if (band === undefined) return 0;
  const delta = deltaUnits + gammaPerUnit * move;
  return delta < band.low ? band.innerLow - delta : delta > band.high ? band.innerHigh - delta : 0;
}

function orderOf({ name, owner }: Absent, change: number, outdoors: Outdoors): BatchOrder {
  const { baseDecimals, markets, quoteDecimals, spot } = outdoors;
  const size = Math.abs(change);
  const sign = Math.sign(change);
  return {
    id: `expected ${name}`,
    owner,
    side: change > 0 ? 'buy' : 'sell',
    markets,
    baseAtoms: atoms(size, baseDecimals),
    limitQuoteAtoms: atoms(size * spot * (1 + sign * EXPECTED_LIMIT), quoteDecimals),
    validUntil: FOR_EVER,
  };
}

function atoms(units: number, decimals: number): bigint {
  return BigInt(Math.round(units * 1e6)) * 10n ** BigInt(decimals - 6);
}
