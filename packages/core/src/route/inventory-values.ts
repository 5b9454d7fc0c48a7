import { decimalFromNumber, type DecimalString } from '../model/decimal.js';
import { sameToken, type Token, tokenKey } from '../model/token.js';
import { normalCdf } from '../exposure/normal.js';
import { nonNegative } from './check-hedge.js';
import type { HedgeRequest, InventoryValue } from './hedge.js';

/** What is expected to be needed of a token on its chain before it could be brought there otherwise. Units. */
export interface ExpectedNeed {
  readonly token: Token;
  readonly heldUnits: DecimalString;
  readonly meanUnits: DecimalString;
  /** Standard deviation of the need; "0": the mean is certain. */
  readonly deviationUnits: DecimalString;
}

/**
 * Forward prices of inventories, from a forecast of what will be needed where. A further unit that is kept saves the cost
 * of bringing one with the probability that what is held falls short of the need: the marginal value of stock of a single
 * period (Arrow, Harris and Marschak 1951), with a normal need. Bringing a unit costs what the cheapest lane into the
 * token takes: its share, its fixed cost and gas over a transfer of the mean need, and its time where that has a price.
 * A token that no lane leads to cannot be brought, and has no value beyond its price here.
 *
 * @returns One value a need, for `HedgeRequest.inventoryValues`. Frozen.
 * @throws InvalidInputError for an amount that is not a decimal or is negative
 * @example
 * ```ts
 * const values = inventoryValues(
 *   [{ token: usdc, heldUnits: '20000', meanUnits: '25000', deviationUnits: '5000' }],
 *   request,
 * )
 * routeHedge({ ...request, inventoryValues: values })
 * ```
 */
export function inventoryValues(
  needs: readonly ExpectedNeed[],
  request: Pick<
    HedgeRequest,
    'baseTokens' | 'bridges' | 'gasPriceWei' | 'nativePrice' | 'referencePrice' | 'timeAtRisk'
  >,
): readonly InventoryValue[] {
  return Object.freeze(
    needs.map(({ deviationUnits, heldUnits, meanUnits, token }) => {
      const field = `needs.${tokenKey(token)}`;
      const held = nonNegative(heldUnits, `${field}.heldUnits`);
      const mean = nonNegative(meanUnits, `${field}.meanUnits`);
      const deviation = nonNegative(deviationUnits, `${field}.deviationUnits`);
      const short = deviation > 0 ? normalCdf((mean - held) / deviation) : mean > held ? 1 : 0;
      const perUnit = short === 0 ? 0 : short * refillCost(token, mean, request);
      return Object.freeze({ token, perUnit: decimalFromNumber(perUnit, field) });
    }),
  );
}

/** Numeraire per unit by the cheapest lane; 0 where none leads to the token. */
function refillCost(token: Token, units: number, request: Parameters<typeof inventoryValues>[1]): number {
  const { baseTokens, bridges, gasPriceWei, nativePrice, referencePrice, timeAtRisk } = request;
  const price = baseTokens.some((base) => sameToken(base, token)) ? Number(referencePrice) : 1;
  const waiting = timeAtRisk.kind === 'price' ? Number(timeAtRisk.bpsPerHour) / 1e4 / 3600 : 0;
  let least = Infinity;
  for (const bridge of bridges) {
    if (!sameToken(bridge.to, token)) continue;
    const { chainId } = bridge.from;
    const gas = Number(bridge.gasUnits * (gasPriceWei[chainId] ?? 0n)) * 1e-18 * Number(nativePrice[chainId] ?? '0');
    const once = Number(bridge.fixedCostNumeraire) + gas;
    const size = Math.min(units, Number(bridge.maxAtoms) / 10 ** bridge.from.decimals);
    const share = bridge.feeBps / 1e4 + waiting * bridge.timeSeconds;
    least = Math.min(least, price * share + (size > 0 ? once / size : once));
  }
  // What costs more to bring than it is worth is bought where it is needed.
  return least === Infinity ? 0 : Math.min(least, price * MOST_SHARE);
}

/** A value stays below the price of the token itself. */
const MOST_SHARE = 0.99;
