import { Decimal, fromAtoms } from '../model/decimal.js';
import { sameToken, type Token } from '../model/token.js';
import type { HedgeRequest } from '../route/hedge.js';
import type { ExpectedNeed } from '../route/inventory-values.js';

/** Significant digits of an estimate. */
const DIGITS = 12;

/**
 * What the next change of delta is expected to need of each token: it is taken to be as large as this one, as likely a buy
 * as a sell, and spread evenly over the chains on which the pair is traded. So half of a chain's share is needed of its
 * numeraire and half of its underlying, and the need is as uncertain as it is large.
 */
export function nextNeeds(
  request: Pick<HedgeRequest, 'baseTokens' | 'deltaUnits' | 'inventories' | 'pools' | 'quoteTokens' | 'referencePrice'>,
): readonly ExpectedNeed[] {
  const { baseTokens, deltaUnits, inventories, pools, quoteTokens, referencePrice } = request;
  const traded = new Set(pools.map(({ chainId }) => chainId));
  if (traded.size === 0) return [];
  const share = new Decimal(deltaUnits).div(2 * traded.size);
  const heldOf = (token: Token): Decimal =>
    inventories
      .filter((item) => sameToken(item.token, token))
      .reduce((sum, { atoms }) => sum.plus(fromAtoms(token, atoms)), new Decimal(0));
  const need = (token: Token, units: Decimal): ExpectedNeed => {
    const expected = units.sd(DIGITS).toFixed();
    return { token, heldUnits: heldOf(token).toFixed(), meanUnits: expected, deviationUnits: expected };
  };
  return [
    ...baseTokens.map((token) => need(token, share)),
    ...quoteTokens.map((token) => need(token, share.times(referencePrice))),
  ].filter(({ token }) => traded.has(token.chainId));
}
