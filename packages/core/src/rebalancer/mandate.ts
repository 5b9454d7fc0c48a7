import {
  canonicalHash,
  createIntent,
  type ScheduleConstraint,
  signIntent,
  type SignedIntent,
  type TypedDataSigner,
} from '@evenkeel/intents';
import { exposureDigest } from '../exposure/exposure-digest.js';
import { Decimal, toAtoms } from '../model/decimal.js';
import type { Exposure } from '../model/exposure.js';
import { hull, interval } from '../model/interval.js';
import type { Token, TokenAmount } from '../model/token.js';
import { tokenKey } from '../model/token.js';
import type { TradeDecision } from '../policy/decision.js';
import type { HedgeBridge } from '../route/hedge.js';
import type { ReferencePrice } from '../route/reference-price.js';
import type { Schedule } from '../schedule/schedule.js';
import { scheduleCommitment } from '../schedule/schedule-commitment.js';
import type { Portfolio, RebalancerPorts } from './portfolio.js';

export interface MandateInput {
  readonly decision: TradeDecision;
  readonly exposure: Exposure;
  readonly reference: ReferencePrice;
  readonly schedule: Schedule;
  readonly balances: readonly TokenAmount[];
  readonly bridges: readonly HedgeBridge[];
  /** Ids of the adapters that may be used. */
  readonly adapters: readonly string[];
  readonly nowSeconds: number;
}

/**
 * Turns a decision into the signed intent: what may be done, on which chains, with which tokens, at what cost at most.
 *
 * On each chain the intent lets be spent what the whole trade may cost at most, and never more than is there or can be
 * brought there. The sum over chains is bounded by the change of delta that is signed beside it.
 *
 * @throws INVALID_INPUT, SIGNER_* errors of the account
 */
export async function signMandate(
  portfolio: Portfolio,
  { account, random }: Pick<RebalancerPorts, 'account' | 'random'>,
  input: MandateInput,
): Promise<SignedIntent> {
  const { decision, exposure, nowSeconds, reference, schedule } = input;
  const { band, postTradeDelta } = decision;
  const admissible = hull(postTradeDelta, interval(band.low, band.high));
  const intent = createIntent(
    {
      underlying: portfolio.underlying,
      deltaChangeUnits: decision.deltaChangeUnits,
      postTradeDelta: { low: admissible.low, high: admissible.high },
      exposureHash: canonicalHash(exposureDigest(exposure)),
      spending: spendingLimits(portfolio, input).map(({ atoms, token }) => ({
        chainId: token.chainId,
        token: token.address,
        maxSpend: atoms,
        recipient: account.addressOn(token.chainId),
      })),
      maxCostBps: Math.ceil(portfolio.policy.maxCostBps),
      referencePrice: { source: reference.source, price: reference.price },
      adapters: input.adapters,
      schedule: constraintOf(schedule),
      partialFill: 'allowed',
      deadline: nowSeconds + portfolio.limits.deadlineSeconds,
      signer: account.owner,
    },
    { nowSeconds, random },
  );
  const signer: TypedDataSigner = {
    address: account.owner,
    signTypedData: (domain, types, message) => account.signTypedData({ domain, types, message }),
  };
  return signIntent(intent, signer);
}

function constraintOf(schedule: Schedule): ScheduleConstraint {
  // A drawn schedule is bound by its hash and shown when it is over, so that nobody can tell its slices beforehand.
  if (schedule.seed !== undefined) return { kind: 'hidden', hash: scheduleCommitment(schedule, schedule.seed) };
  const { kind } = schedule;
  if ((kind !== 'twap' && kind !== 'vwap') || schedule.slices.length <= 1) return { kind: 'single' };
  const spanSeconds = schedule.endSeconds - schedule.startSeconds;
  return { kind, parts: schedule.slices.length, spanSeconds };
}

/** Per chain, of the token that the trade spends. */
function spendingLimits(portfolio: Portfolio, input: MandateInput): readonly TokenAmount[] {
  const { balances, bridges, decision, reference } = input;
  const buys = !decision.deltaChangeUnits.startsWith('-');
  const size = new Decimal(decision.deltaChangeUnits).abs();
  const tokens = buys ? portfolio.quoteTokens : portfolio.baseTokens;
  return tokens.flatMap((token) => {
    const needed = buys ? size.times(reference.price).times(1 + portfolio.policy.maxCostBps / 10_000) : size;
    const most = toAtoms(token, needed.decimalPlaces(token.decimals, Decimal.ROUND_UP).toFixed());
    const available = reach(token, balances, bridges);
    const atoms = available < most ? available : most;
    return atoms > 0n ? [{ token, atoms }] : [];
  });
}

/** What is there, and what bridges can bring there from what is elsewhere. */
function reach(token: Token, balances: readonly TokenAmount[], bridges: readonly HedgeBridge[]): bigint {
  const heldOf = (key: string): bigint => balances.find((each) => tokenKey(each.token) === key)?.atoms ?? 0n;
  const inbound = bridges
    .filter(({ to }) => tokenKey(to) === tokenKey(token))
    .map(({ from, maxAtoms }) => {
      const held = heldOf(tokenKey(from));
      return held < maxAtoms ? held : maxAtoms;
    });
  return inbound.reduce((sum, atoms) => sum + atoms, heldOf(tokenKey(token)));
}
