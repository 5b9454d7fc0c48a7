import type { ExecutionOptions } from '../execution/context.js';
import type { InFlight } from '../exposure/assemble-exposure.js';
import type { DecimalString } from '../model/decimal.js';
import { type Address, NATIVE_ADDRESS, sameAddress, type Token, tokenKey } from '../model/token.js';
import { checkGuardBps, parsePolicyConfig, type PolicyConfig } from '../policy/config.js';
import type { Account } from '../ports/account.js';
import type { Clock, Logger, Random } from '../ports/ambient.js';
import type { BridgeAdapter } from '../ports/bridge.js';
import type { Chain } from '../ports/chain.js';
import type { PriceFeed, VolatilityFeed } from '../ports/feeds.js';
import type { Journal } from '../ports/journal.js';
import type { PositionSource } from '../ports/position-source.js';
import type { VenueAdapter } from '../ports/venue.js';
import type { PacedKind, Pacing } from '../schedule/paced-slices.js';
import type { OpaqueOffers } from '../solicit/opaque-offers.js';
import type { LookMemory } from './look-memory.js';
import type { NetworksPort } from './networks-port.js';
import type { OptimumPort } from './prepared-optimum.js';
import type { TrendPort } from './trend.js';
import { PortfolioInvalidError } from './errors.js';

/** How a trade may be spread over time. `auto`: one piece or equal slices, whichever costs less. */
export interface ScheduleSettings {
  readonly kind: 'auto' | 'single' | 'twap' | 'vwap' | PacedKind;
  /** The most slices; fewer are made where gas is dearer than impact. */
  readonly maxParts: number;
  readonly spanSeconds: number;
  /** Time after which pools are back where they were. */
  readonly recoverySeconds: number;
  /** Expected volume of equal bins of the span, for `vwap`. */
  readonly volumeProfile: readonly number[];
  /** Of paced kinds: share of each slice's interval within which its time is drawn. Absent: 0. */
  readonly jitterShare?: number;
  /** For `pov`: our share of `volumeProfile`, which is in units of the underlying then. Absent: 0.1. */
  readonly participation?: number;
}

export interface RebalanceLimits {
  /** Tolerance of each swap against its quote, whole basis points. */
  readonly slippageBps: number;
  /** The most swaps and transfers of one slice. */
  readonly maxHops: number;
  /** How long an intent lives. */
  readonly deadlineSeconds: number;
  /** How long adapters have to answer. */
  readonly solicitMs: number;
  /** Older readings are stale. */
  readonly maxAgeSeconds: number;
  /** A chain whose latest block is older is not traded on. Absent: no chain is taken to stand still. */
  readonly maxBlockAgeSeconds?: number;
  /** Pools that disagree by more, or stand further from the feed, stop the trade. */
  readonly maxDisagreementBps: number;
  /**
   * For so long a position that all at once reads as nothing is doubted: it may be there or not, and nothing is traded on
   * its account. Default: 3,600.
   */
  readonly doubtVanishedSeconds?: number;
  /**
   * Whether a route counts what an inventory is worth where it lies, because the next hedge is expected to need it there: as
   * a cost of the kind `inventory`. Default: false.
   */
  readonly keepForNext?: boolean;
}

/** One book towards one underlying, and how it is to be kept. */
export interface Portfolio {
  readonly name: string;
  readonly underlying: string;
  readonly owner: Address;
  /** The underlying as a token, one a chain: delta 1 for each unit. */
  readonly baseTokens: readonly Token[];
  /** The numeraire as a token, one a chain. */
  readonly quoteTokens: readonly Token[];
  readonly policy: PolicyConfig;
  readonly schedule: ScheduleSettings;
  readonly limits: RebalanceLimits;
  /** Continuously compounded, per year. */
  readonly annualRate: number;
  /** Until the book settles. */
  readonly horizonSeconds: number;
  /** Expected from a decision to its fill. */
  readonly latencySeconds: number;
  /** Numeraire per native coin where that is not the underlying, by chain. */
  readonly nativePrices: Readonly<Record<number, DecimalString>>;
  /** Blocks that have to hold a transaction before it counts, by chain. */
  readonly confirmations: Readonly<Record<number, number>>;
  /** The most convex problems that may be solved for one route. Default: the router's own. */
  readonly nodeBudget?: number;
  /** How patient and how generous execution is; each has its default. */
  readonly execution?: Omit<ExecutionOptions, 'dryRun' | 'confirmations'>;
}

/** All that a rebalancer needs from outside. */
export interface RebalancerPorts {
  readonly chains: readonly Chain[];
  readonly venues: readonly VenueAdapter[];
  readonly bridges: readonly BridgeAdapter[];
  readonly sources: readonly PositionSource[];
  readonly account: Account;
  readonly volatility: Pick<VolatilityFeed, 'realised'>;
  /** A second opinion on the price; the pools' own median is held against it. */
  readonly prices?: PriceFeed;
  /** Works paced schedules out; needed where the portfolio asks for one. */
  readonly pacing?: Pacing;
  /** Ladders, firm quotes and trust of venues without a curve; without it they are not asked. */
  readonly opaque?: OpaqueOffers;
  /** Tables of the exact optimum for the rule `optimal`; without it the closed form decides. */
  readonly optimum?: OptimumPort;
  /** Where the price is expected to drift, for the rule `optimal`; without it nothing is done ahead of a trend. */
  readonly trend?: TrendPort;
  /** Outside solver networks that bid for the slices of a trade; without it our own routes are alone. */
  readonly networks?: NetworksPort;
  /** What else is under way in the portfolio's name: orders given to outside networks. It widens the exposure. */
  readonly inFlight?: () => Promise<readonly InFlight[]>;
  /** What was seen last, where others than the rebalancer look at the portfolio, too. Default: one of its own. */
  readonly memory?: LookMemory;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger?: Logger;
}

/** Tokens of the portfolio on one chain. */
export function tokensOn({ baseTokens, quoteTokens }: Portfolio, chainId: number): readonly Token[] {
  return [...baseTokens, ...quoteTokens].filter((token) => token.chainId === chainId);
}

/** A token of the portfolio by its address; the native coin and strangers by what can be said of them. */
export function tokenOfPortfolio(portfolio: Portfolio, chainId: number, address: string): Token {
  const known = tokensOn(portfolio, chainId).find((token) => sameAddress(token.address, address));
  if (known !== undefined) return known;
  const isNative = sameAddress(address, NATIVE_ADDRESS);
  const symbol = isNative ? 'native' : address;
  return Object.freeze({ chainId, address: address as Address, symbol, decimals: isNative ? 18 : 0 });
}

/**
 * Refuses a portfolio whose tokens, chains, account and guards do not fit together.
 *
 * @throws {PortfolioInvalidError} PORTFOLIO_INVALID; GUARD_ABSURD for a limit that limits nothing
 */
export function checkPortfolio(portfolio: Portfolio, { account, chains }: RebalancerPorts): void {
  const { baseTokens, limits, owner, policy, quoteTokens } = portfolio;
  parsePolicyConfig(policy);
  checkGuardBps('limits.slippageBps', limits.slippageBps);
  checkGuardBps('limits.maxDisagreementBps', limits.maxDisagreementBps);
  if (chains.length === 0) {
    throw new PortfolioInvalidError('chains', [], 'there is no chain', 'Name at least one chain.');
  }
  const seen = new Set<string>();
  for (const token of [...baseTokens, ...quoteTokens]) {
    if (!chains.some(({ id }) => id === token.chainId)) {
      const hint = 'Add the chain, or leave the token out.';
      throw new PortfolioInvalidError(
        'tokens',
        tokenKey(token),
        `${token.symbol} is on a chain that is not given`,
        hint,
      );
    }
    if (seen.has(tokenKey(token))) {
      const hint = 'A token is the underlying or the numeraire, once.';
      throw new PortfolioInvalidError('tokens', tokenKey(token), `${token.symbol} stands there twice`, hint);
    }
    seen.add(tokenKey(token));
  }
  for (const { id } of chains) {
    if (!sameAddress(account.addressOn(id), owner)) {
      const hint = 'Use the account that holds the portfolio.';
      throw new PortfolioInvalidError('owner', owner, `the account on chain ${id} is ${account.addressOn(id)}`, hint);
    }
  }
}
