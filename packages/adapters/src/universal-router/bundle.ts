import type { Address, Pool, Quote, Token, TokenAmount } from '@evenkeel/core';
import { sameAddress, tokenKey } from '@evenkeel/core';
import { type AcrossPayload, acrossPayload } from '../across/payload.js';
import { deepFreeze } from '../common/freeze.js';
import { RouterBundleInvalidError, RouterHopUnsupportedError } from './errors.js';

/** A swap through one pool of Uniswap V2, V3 or V4. A swap of a hedge route is one. */
export interface RouterSwap {
  readonly kind: 'swap';
  readonly pool: Pool;
  readonly tokenIn: Token;
  readonly tokenOut: Token;
  /** Atoms, exact. */
  readonly amountIn: bigint;
  /** Atoms of `tokenOut`, enforced by the router: less, and the whole transaction reverts. */
  readonly minReceived: bigint;
}

/** A deposit into Across of exactly what was quoted. */
export interface RouterDeposit {
  readonly kind: 'deposit';
  /** A quote of the adapter's own, see `UniversalRouter.quote`. */
  readonly quote: Quote;
}

export type RouterHop = RouterSwap | RouterDeposit;

/** Hops of one chain that happen in one transaction or not at all, in this order. */
export interface RouterBundle {
  readonly chainId: number;
  /** Whose tokens are drawn, and who has to send the transaction: the router draws from nobody else. */
  readonly sender: Address;
  /** Who gets what no later hop takes, and every surplus. */
  readonly recipient: Address;
  /** Unix seconds, enforced by the router and by the permit. */
  readonly deadline: number;
  readonly hops: readonly RouterHop[];
}

/** Where a hop's input comes from. `missing` atoms are drawn from the sender into the router first. */
export type Payer = { readonly kind: 'sender' } | { readonly kind: 'router'; readonly missing: bigint };

/** A hop with what the bundle around it decides. */
export interface PlacedHop {
  readonly hop: RouterHop;
  readonly tokenIn: Token;
  readonly amountIn: bigint;
  readonly payer: Payer;
  /** A later hop takes the output: it stays in the router until then. */
  readonly kept: boolean;
  readonly deposit: AcrossPayload | undefined;
}

/** A bundle taken apart: what it draws, what is certain to arrive, what has to be swept up. Frozen. */
export interface BundlePlan {
  readonly bundle: RouterBundle;
  readonly hops: readonly PlacedHop[];
  /** What the sender gives, by token. */
  readonly draws: readonly TokenAmount[];
  /** The least that the recipient gets on this chain, by token. */
  readonly receives: readonly TokenAmount[];
  /** Tokens that pass through the router: whatever is left of them goes to the recipient. */
  readonly sweeps: readonly Token[];
}

/** Permit2 keeps amounts in 160 bits, V4 takes 128. */
const AMOUNT_LIMIT = 1n << 128n;

/**
 * Places the hops one after another. A hop is paid by the router when hops before it are sure to have brought enough,
 * by the sender when they brought nothing, and by both otherwise.
 *
 * @throws {RouterBundleInvalidError} {@link RouterHopUnsupportedError}
 */
export function planBundle(bundle: RouterBundle): BundlePlan {
  checkParties(bundle);
  const held = new Amounts();
  const draws = new Amounts();
  const receives = new Amounts();
  const through = new Map<string, Token>();
  const hops = bundle.hops.map((hop, index): PlacedHop => {
    const { amountIn, deposit, tokenIn } = inputOf(bundle, hop, index);
    const have = held.of(tokenIn);
    const passes = have > 0n || deposit !== undefined;
    const missing = amountIn > have ? amountIn - have : 0n;
    draws.add(tokenIn, missing);
    if (passes) {
      through.set(tokenKey(tokenIn), tokenIn);
      held.add(tokenIn, missing - amountIn);
    }
    const kept = hop.kind === 'swap' && isTakenLater(bundle, index, hop.tokenOut);
    if (hop.kind === 'swap') {
      if (kept) through.set(tokenKey(hop.tokenOut), hop.tokenOut);
      (kept ? held : receives).add(hop.tokenOut, hop.minReceived);
    }
    return { hop, tokenIn, amountIn, kept, deposit, payer: passes ? { kind: 'router', missing } : { kind: 'sender' } };
  });
  for (const { atoms, token } of held.list()) receives.add(token, atoms);
  return deepFreeze({
    bundle: { ...bundle, hops: [...bundle.hops] },
    hops,
    draws: draws.list(),
    receives: receives.list(),
    sweeps: [...through.values()],
  });
}

function inputOf(
  bundle: RouterBundle,
  hop: RouterHop,
  index: number,
): Pick<PlacedHop, 'amountIn' | 'deposit' | 'tokenIn'> {
  const bad = (name: string, value: unknown, problem: string, hint: string): RouterBundleInvalidError =>
    new RouterBundleInvalidError(`bundle.hops.${index}.${name}`, value, problem, hint);
  if (hop.kind === 'deposit') {
    const deposit = acrossPayload(hop.quote.payload);
    const { depositor, inputAtoms, inputToken } = deposit;
    if (inputToken.chainId !== bundle.chainId) {
      throw bad('quote', inputToken.chainId, `leaves from another chain than ${bundle.chainId}`, 'Bundle one chain.');
    }
    if (!sameAddress(depositor, bundle.sender)) {
      throw bad('quote', depositor, 'was made for another depositor', 'Ask for a quote for the sender.');
    }
    return { tokenIn: inputToken, amountIn: inputAtoms, deposit };
  }
  const { amountIn, minReceived, pool, tokenIn, tokenOut } = hop;
  for (const token of [tokenIn, tokenOut]) {
    if (token.chainId !== bundle.chainId || pool.chainId !== bundle.chainId) {
      throw bad('pool', pool.chainId, `is not on chain ${bundle.chainId}`, 'Bundle hops of one chain.');
    }
    if (!pool.tokens.some((each) => sameAddress(each.address, token.address))) {
      throw new RouterHopUnsupportedError(index, token.address, `${token.symbol} is not in pool ${pool.id}`);
    }
  }
  if (sameAddress(tokenIn.address, tokenOut.address)) {
    throw bad('tokenOut', tokenOut.address, 'is the token that goes in', 'Name the other token of the pool.');
  }
  for (const [name, atoms] of Object.entries({ amountIn, minReceived })) {
    if (atoms > 0n && atoms < AMOUNT_LIMIT) continue;
    throw bad(name, atoms, 'is not an amount above zero that fits 128 bits', 'Give atoms; a swap needs its minimum.');
  }
  return { tokenIn, amountIn, deposit: undefined };
}

function isTakenLater({ hops }: RouterBundle, index: number, token: Token): boolean {
  return hops.slice(index + 1).some((later) => {
    const taken = later.kind === 'swap' ? later.tokenIn : acrossPayload(later.quote.payload).inputToken;
    return sameAddress(taken.address, token.address);
  });
}

function checkParties({ deadline, hops, recipient, sender }: RouterBundle): void {
  if (hops.length === 0) {
    throw new RouterBundleInvalidError('bundle.hops', [], 'is empty', 'Leave the transaction out.');
  }
  if (!Number.isSafeInteger(deadline) || deadline <= 0) {
    throw new RouterBundleInvalidError('bundle.deadline', deadline, 'is no time', 'Give unix seconds.');
  }
  for (const [name, address] of Object.entries({ recipient, sender })) {
    // The router reads 0x…01 as the sender and 0x…02 as itself: what it keeps, anybody may take.
    if (/^0x(?!0{39}[012]$)[0-9a-f]{40}$/i.test(address)) continue;
    throw new RouterBundleInvalidError(`bundle.${name}`, address, 'is nobody who could own it', 'Give an address.');
  }
}

/** Sums by token, in the order in which the tokens came. */
class Amounts {
  private readonly byToken = new Map<string, { readonly token: Token; atoms: bigint }>();

  of(token: Token): bigint {
    return this.byToken.get(tokenKey(token))?.atoms ?? 0n;
  }

  add(token: Token, atoms: bigint): void {
    const found = this.byToken.get(tokenKey(token));
    if (found === undefined) this.byToken.set(tokenKey(token), { token: { ...token }, atoms });
    else found.atoms += atoms;
  }

  list(): readonly TokenAmount[] {
    return [...this.byToken.values()].filter(({ atoms }) => atoms > 0n).map((each) => ({ ...each }));
  }
}
