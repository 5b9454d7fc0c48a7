import { type Address, fromAtoms, type Token } from '@evenkeel/core';
import { type BandPolicy } from '@evenkeel/contracts';
import { parsePolicy } from './policy.js';

/** What is known of the tokens and of the gas coin, for words. Addresses that are not named stand as they are. */
export interface GrantNames {
  readonly tokens: readonly Pick<Token, 'address' | 'decimals' | 'symbol'>[];
  readonly chainName?: string;
  readonly nativeSymbol?: string;
}

/** A grant in words and in numbers. */
export interface GrantDescription {
  readonly title: string;
  /** One sentence each: what is allowed, what never is, what it can cost. */
  readonly sentences: readonly string[];
  readonly text: string;
  /** The most that trades can lose in any window, in atoms of the quote token, and the most that gas can cost, in wei. */
  readonly maxLossPerWindow: { readonly quoteAtoms: bigint; readonly gasWei: bigint };
  /** The same until the grant expires. */
  readonly maxLossInTotal: { readonly quoteAtoms: bigint; readonly gasWei: bigint };
}

const NOBODY = `0x${'00'.repeat(20)}`;

/**
 * Says what a grant allows, whether a module or the caveat of a delegation enforces it, and the most that it can lose: in any window cap · lossBps by trades and the budget for gas;
 * in total that many times the windows until it expires, begun ones counted whole.
 *
 * Execution loss only, against the worse of the two sources of price: what a holding loses as prices move is the owner's own
 * risk, within the outer bounds.
 *
 * @throws GRANT_MALFORMED
 *
 * @example
 * ```ts
 * const { text } = describeGrant(policy, { tokens: [WETH, USDC], chainName: 'Base' })
 * ```
 */
export function describeGrant(input: BandPolicy, names: GrantNames): GrantDescription {
  const policy = parsePolicy(input);
  const amount = (atoms: bigint, address: Address): string => {
    const token = names.tokens.find((each) => each.address.toLowerCase() === address.toLowerCase());
    return token === undefined ? `${atoms} atoms of ${address}` : `${fromAtoms(token, atoms)} ${token.symbol}`;
  };
  const native = (wei: bigint): string => `${fromAtoms({ decimals: 18 }, wei)} ${names.nativeSymbol ?? 'ETH'}`;
  const { capAtoms, expiry, gasBudgetWei, lossBps, maxDeviationBps, quote, start, windowSeconds } = policy;
  const windows = BigInt(Math.ceil((expiry - start) / windowSeconds));
  const perWindow = Object.freeze({ quoteAtoms: (capAtoms * BigInt(lossBps)) / 10_000n, gasWei: gasBudgetWei });
  const inTotal = Object.freeze({ quoteAtoms: perWindow.quoteAtoms * windows, gasWei: gasBudgetWei * windows });
  // A delegation leaves gas to whoever redeems it.
  const isGasOurs = gasBudgetWei > 0n || policy.paymaster !== NOBODY;
  const window = span(windowSeconds);
  const chain = names.chainName ?? `chain ${policy.chainId}`;
  const sentences = Object.freeze([
    `On ${chain}, the key ${policy.sessionKey} may trade for you until ${new Date(expiry * 1000).toISOString()}.`,
    ...policy.markets.map(
      ({ base, high, low, pools }) =>
        `It may buy and sell ${symbolOf(base, names)} against ${symbolOf(quote, names)} in ${pools.length} listed ${pools.length === 1 ? 'pool' : 'pools'}, as long as your holding stays between, or moves toward, ${amount(low, base)} and ${amount(high, base)}.`,
    ),
    policy.policyKey === NOBODY
      ? 'Nobody can move these limits.'
      : `The key ${policy.policyKey} may move these limits by signed, expiring notes, never beyond ${policy.markets.map(({ base, outerHigh, outerLow }) => `${amount(outerLow, base)} and ${amount(outerHigh, base)}`).join('; ')}.`,
    `All trades of any ${window} together come to at most ${amount(capAtoms, quote)}, and each brings at least its worth less ${lossBps / 100} %, by a pool's mean price and by a price feed.`,
    `While the two differ, a trade may lose the difference more and counts for more of that sum; beyond ${maxDeviationBps / 100} % nothing is traded.`,
    'It can send nothing to anybody else, approve nothing, and call nothing else.',
    isGasOurs
      ? `Gas: at most ${native(gasBudgetWei)} in any ${window}${policy.paymaster === NOBODY ? '' : `, paid by ${policy.paymaster}, which takes a token for it`}.`
      : 'Gas is paid by whoever trades with the key, and not by you.',
    `If the key is stolen, you lose at most ${amount(perWindow.quoteAtoms, quote)}${isGasOurs ? ' and the gas' : ''} in any ${window}, and ${amount(inTotal.quoteAtoms, quote)}${isGasOurs ? ` and ${native(inTotal.gasWei)} of gas` : ''} until it expires.`,
    'That holds while one of the two prices is right. What your holding gains or loses as the market moves comes on top.',
    'You can end it at any moment, on one chain or on all.',
  ]);
  return Object.freeze({
    title: `Rebalancing on ${chain}`,
    sentences,
    text: sentences.join('\n'),
    maxLossPerWindow: perWindow,
    maxLossInTotal: inTotal,
  });
}

function symbolOf(address: Address, { tokens }: GrantNames): string {
  return tokens.find((each) => each.address.toLowerCase() === address.toLowerCase())?.symbol ?? address;
}

function span(seconds: number): string {
  const units = [
    [86_400, 'day'],
    [3_600, 'hour'],
    [60, 'minute'],
    [1, 'second'],
  ] as const;
  const [size, name] = units.find(([each]) => seconds % each === 0) ?? [1, 'second'];
  const count = seconds / size;
  return count === 1 ? name : `${count} ${name}s`;
}
