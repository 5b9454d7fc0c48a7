import { type Address, type Chain, type Clock, type Lane, sameToken, type Token, tokenKey } from '@evenkeel/core';
import { InvalidInputError } from '@evenkeel/intents';
import { LaneUnsupportedError } from '../common/errors.js';
import type { HyperlaneProofSource } from './metadata.js';

/** One chain that Hyperlane serves. */
export interface HyperlaneChain {
  readonly chain: Chain;
  /** Hyperlane's own number of the chain; often, not always, the chain id. */
  readonly domain: number;
  readonly mailbox: Address;
  /** Coin in which messages are paid, 18 decimals. Default: ETH. */
  readonly nativeSymbol?: string;
}

/** A collateral router of a warp route: it locks `token` on the way out and pays it on the way in. */
export interface WarpRouter {
  readonly token: Token;
  readonly router: Address;
}

export interface HyperlaneOptions {
  readonly chains: Readonly<Record<number, HyperlaneChain>>;
  /** Each route is a set of routers that are enrolled with one another. */
  readonly routes: readonly (readonly WarpRouter[])[];
  readonly clock: Clock;
  /** Seconds from dispatch to delivery. Default: 60 expected, 3,600 at worst. */
  readonly deliverySeconds?: { readonly expected: number; readonly worst: number };
  /** How long a quote may be accepted: the message fee follows the gas price. Seconds; default 60. */
  readonly quoteLifeSeconds?: number;
  /** Needed to help a stuck message along by delivering it ourselves. */
  readonly proofs?: HyperlaneProofSource;
}

/** A lane with the two routers that serve it. */
export interface WarpLane {
  readonly from: WarpRouter;
  readonly to: WarpRouter;
}

export function warpLanes(options: HyperlaneOptions): readonly WarpLane[] {
  return options.routes.flatMap((route) =>
    route.flatMap((from) =>
      route.filter((to) => to.token.chainId !== from.token.chainId).map((to): WarpLane => ({ from, to })),
    ),
  );
}

export function warpLane(options: HyperlaneOptions, lane: Lane): WarpLane {
  const found = warpLanes(options).find(
    ({ from, to }) => sameToken(from.token, lane.from) && sameToken(to.token, lane.to),
  );
  if (found === undefined) throw new LaneUnsupportedError('hyperlane', lane);
  return found;
}

export function hyperlaneChain(options: HyperlaneOptions, chainId: number): HyperlaneChain {
  const found = options.chains[chainId];
  if (found !== undefined) return found;
  throw new InvalidInputError('chains', chainId, 'does not name this chain', 'Add its chain, domain and Mailbox.');
}

/** @throws {InvalidInputError} that names the field. */
export function checkOptions(options: HyperlaneOptions): void {
  for (const [key, { chain }] of Object.entries(options.chains)) {
    if (chain.id === Number(key)) continue;
    throw new InvalidInputError(`chains[${key}].chain`, chain.id, 'is another chain', `Give chain ${key}.`);
  }
  options.routes.forEach((route, index) =>
    route.forEach(({ token }, member) => {
      if (options.chains[token.chainId] !== undefined) return;
      const field = `routes[${index}][${member}].token`;
      throw new InvalidInputError(field, tokenKey(token), 'is on a chain that is not configured', 'Add the chain.');
    }),
  );
}
