import { canonicalHash, createIntent, signIntent, type SignedIntent, type TypedDataSigner } from '@evenkeel/intents';
import { exposureDigest } from '../exposure/exposure-digest.js';
import type { DecimalString } from '../model/decimal.js';
import type { TokenAmount } from '../model/token.js';
import { type Context, nowSeconds } from '../rebalancer/context.js';
import { tokensOn } from '../rebalancer/portfolio.js';
import type { Survey } from '../rebalancer/survey.js';

/** What is done in one piece, at once. */
export interface SingleRequest {
  readonly deltaChangeUnits: DecimalString;
  readonly postTradeDelta: { readonly low: DecimalString; readonly high: DecimalString };
  /** Adapters that it needs, and no others. */
  readonly adapters: readonly string[];
  readonly chainIds: readonly number[];
  /** The most that it takes of each token. */
  readonly spends: readonly TokenAmount[];
  /** Unix seconds. */
  readonly deadline: number;
}

/** Makes and signs the intent that covers it, and nothing else. @throws what the account throws when it signs */
export async function signSingle(
  { portfolio, ports }: Context,
  before: Survey,
  { adapters, chainIds, deadline, deltaChangeUnits, postTradeDelta, spends }: SingleRequest,
): Promise<SignedIntent> {
  const { account, random } = ports;
  // An intent has to name what may be spent where it acts: of what takes nothing that is the least there is.
  const nothing = chainIds
    .flatMap((chainId) => tokensOn(portfolio, chainId).slice(0, 1))
    .map((token) => ({ token, atoms: 1n }));
  const intent = createIntent(
    {
      underlying: portfolio.underlying,
      deltaChangeUnits,
      postTradeDelta,
      exposureHash: canonicalHash(exposureDigest(before.exposure)),
      spending: (spends.length === 0 ? nothing : spends).map(({ atoms, token }) => ({
        chainId: token.chainId,
        token: token.address,
        maxSpend: atoms,
        recipient: account.addressOn(token.chainId),
      })),
      maxCostBps: Math.ceil(portfolio.policy.maxCostBps),
      referencePrice: { source: before.reference.source, price: before.reference.price },
      adapters: [...adapters],
      schedule: { kind: 'single' },
      partialFill: 'allowed',
      deadline,
      signer: account.owner,
    },
    { nowSeconds: nowSeconds(ports), random },
  );
  const signer: TypedDataSigner = {
    address: account.owner,
    signTypedData: (domain, types, message) => account.signTypedData({ domain, types, message }),
  };
  return signIntent(intent, signer);
}
