import { Decimal, type DecimalString, fromAtoms, toAtoms } from '../model/decimal.js';
import type { Exposure } from '../model/exposure.js';
import { midpoint } from '../model/interval.js';
import type { QuoteRequest } from '../model/quote.js';
import { sameToken, type TokenAmount } from '../model/token.js';
import type { Portfolio, RebalancerPorts } from './portfolio.js';

/** Of the distance to the target: the policy looks at sizes a little beyond it. */
const ROOM = 1.25;

export interface OfferQuestion {
  readonly exposure: Exposure;
  readonly price: DecimalString;
  readonly held: readonly TokenAmount[];
  readonly nowSeconds: number;
  /** Signed change that somebody has asked for, instead of the distance to the target. */
  readonly requested: Decimal | undefined;
}

/**
 * What venues without a curve are asked: on each chain the change that is in question, in the direction of the target, at
 * most what all chains hold together. Nothing is asked of a book without bounds, or of less than a lot.
 */
export function offerRequests(
  { baseTokens, limits, policy, quoteTokens }: Portfolio,
  { account, opaque }: Pick<RebalancerPorts, 'account' | 'opaque'>,
  { exposure, held, nowSeconds, price, requested }: OfferQuestion,
): readonly QuoteRequest[] {
  if (opaque === undefined || exposure.unbounded.length > 0) return [];
  const change = requested ?? new Decimal(policy.targetDeltaUnits).minus(midpoint(exposure.delta));
  if (change.abs().lt(policy.lotUnits)) return [];
  const [given, taken] = change.isNegative() ? [baseTokens, quoteTokens] : [quoteTokens, baseTokens];
  const wanted = change
    .abs()
    .times(ROOM)
    .times(change.isNegative() ? 1 : price);
  const owned = given.reduce(
    (sum, token) =>
      sum.plus(
        fromAtoms(
          token,
          held.filter((each) => sameToken(each.token, token)).reduce((atoms, each) => atoms + each.atoms, 0n),
        ),
      ),
    new Decimal(0),
  );
  const size = Decimal.min(wanted, owned);
  return given.flatMap((token) => {
    const tokenOut = taken.find(({ chainId }) => chainId === token.chainId);
    const atoms = toAtoms(token, size.decimalPlaces(token.decimals, Decimal.ROUND_DOWN).toFixed());
    if (tokenOut === undefined || atoms <= 0n) return [];
    const self = account.addressOn(token.chainId);
    return opaque.ladder({
      input: { token, atoms },
      tokenOut,
      sender: self,
      recipient: self,
      slippageBps: limits.slippageBps,
      deadline: nowSeconds + limits.deadlineSeconds,
    });
  });
}
