import { type ChainDescription, chainDescription, describedChainIds, resolveToken } from '@evenkeel/adapters/chains';
import { type Address, NATIVE_ADDRESS, sameAddress, type Token } from '@evenkeel/core';
import { InvalidInputError } from '@evenkeel/intents';
import { ChainNotDescribedError, NativePriceMissingError, TokenNotDescribedError } from './errors.js';
import { type FieldOf, itself } from './checked.js';
import type { CheckedConfig } from './schema.js';

type CheckedChain = CheckedConfig['chains'][number];
type TokenConfig = Pick<Token, 'address' | 'symbol' | 'decimals'>;

/** A chain with all that is known of it. */
export interface ChainConfig extends Omit<CheckedChain, 'base' | 'quote'> {
  readonly name: string;
  readonly base: TokenConfig;
  readonly quote: TokenConfig;
  readonly hyperlaneDomain: number;
  readonly universalRouterVersion: '2.0' | '2.1.1';
  readonly resetAllowance: Address[];
  /** The ERC-20 form of the native coin, where it is known. */
  readonly wrappedNative?: Address;
  readonly nativeSymbol?: string;
}

/** A configuration in which nothing is left to be looked up. */
export interface PortfolioConfig extends Omit<CheckedConfig, 'chains' | 'volatility'> {
  readonly chains: readonly ChainConfig[];
  readonly volatility: NonNullable<CheckedConfig['volatility']>;
}

/**
 * Fills in what the descriptions of public chains say: contracts, tokens by their symbols, domains. What the
 * configuration says itself wins.
 *
 * @throws {ChainNotDescribedError} UNKNOWN_CHAIN where a chain is not described and does not describe itself
 * @throws {TokenNotDescribedError} UNKNOWN_TOKEN for a symbol that the chain does not have
 * @throws {NativePriceMissingError} NATIVE_PRICE_MISSING where gas is paid in another coin than the underlying
 * @throws {InvalidInputError} for a schedule that does not fit into the life of its intent, without a volatility, for a native coin as a token, and a price of the underlying beside the market's own
 */
export function completeConfig(config: CheckedConfig, fieldOf: FieldOf = itself): PortfolioConfig {
  checkSpan(config, fieldOf('schedule.spanSeconds'));
  const chains = config.chains.map((chain, index) =>
    describedChainIds.includes(chain.id)
      ? describedChain(chain, chainDescription(chain.id), fieldOf(`chains.${index}`), config.underlying)
      : foreignChain(chain, fieldOf(`chains.${index}`)),
  );
  // The public service knows the public chains, and no others.
  const across = config.across ?? (chains.every(({ id }) => describedChainIds.includes(id)) ? PUBLIC_FEES : undefined);
  return { ...config, chains, volatility: volatilityOf(config, fieldOf), ...(across === undefined ? {} : { across }) };
}

/** Found out now, not when the first trade is wanted. */
function checkSpan({ limits, schedule }: CheckedConfig, field: string): void {
  const { kind, maxParts, spanSeconds } = schedule;
  if (kind === 'single') return;
  if (spanSeconds > limits.deadlineSeconds) {
    const problem = `is longer than the ${limits.deadlineSeconds} s that an intent lives`;
    throw new InvalidInputError(field, spanSeconds, problem, 'Shorten it, or raise limits.deadlineSeconds.');
  }
  if (spanSeconds === 0 && maxParts > 1 && kind !== 'auto' && kind !== 'twap') {
    throw new InvalidInputError(field, spanSeconds, `leaves ${kind} no time`, 'Give it some, or use kind: single.');
  }
}

function volatilityOf(
  { annualVolatilityPercent, volatility }: CheckedConfig,
  fieldOf: FieldOf,
): PortfolioConfig['volatility'] {
  if (annualVolatilityPercent === undefined && volatility === undefined) {
    const hint = 'Give it in percent a year, or volatility: { kind: forecast, candlesFile }.';
    throw new InvalidInputError(fieldOf('annualVolatilityPercent'), undefined, 'is missing', hint);
  }
  if (volatility === undefined) return { kind: 'configured', annualPercent: annualVolatilityPercent! };
  if (volatility.kind !== 'configured' || annualVolatilityPercent === undefined) return volatility;
  const hint = 'Keep one of the two.';
  const field = fieldOf('volatility.annualPercent');
  throw new InvalidInputError(field, volatility.annualPercent, 'is said twice', hint);
}

const PUBLIC_FEES = { fees: { kind: 'api' } } as const;

function describedChain(
  chain: CheckedChain,
  description: ChainDescription,
  field: string,
  underlying: string,
): ChainConfig {
  const { hyperlaneDomain, native, resetAllowance, universalRouterVersion, wrappedNative } = description;
  const name = chain.name ?? description.name;
  const base = tokenOf(chain.base, description, `${field}.base`);
  const quote = tokenOf(chain.quote, description, `${field}.quote`);
  checkNativePrice(chain, `${field}.nativePriceUsd`, {
    name,
    coin: native.symbol,
    isUnderlying: sameAddress(wrappedNative.address, base.address),
    underlying,
  });
  return {
    ...chain,
    name,
    base,
    quote,
    contracts: { ...description.contracts, ...chain.contracts },
    hyperlaneDomain: chain.hyperlaneDomain ?? hyperlaneDomain,
    universalRouterVersion: chain.universalRouterVersion ?? universalRouterVersion,
    resetAllowance: chain.resetAllowance ?? [...resetAllowance],
    wrappedNative: wrappedNative.address,
    nativeSymbol: native.symbol,
  };
}

function tokenOf(stated: TokenConfig | string, { id, name, native, tokens }: ChainDescription, field: string) {
  const token = typeof stated === 'string' ? bySymbol(stated) : stated;
  if (!sameAddress(token.address, NATIVE_ADDRESS)) return token;
  const hint = 'Name its wrapped form, such as WETH; the native coin is counted besides.';
  throw new InvalidInputError(field, token.symbol, 'is a native coin, which no pool or bridge here takes', hint);

  function bySymbol(symbol: string): TokenConfig {
    const known = [native, ...tokens].map((each) => each.symbol);
    if (!known.includes(symbol)) throw new TokenNotDescribedError(field, name, symbol, known);
    const { address, decimals } = resolveToken(id, symbol);
    return { address, symbol, decimals };
  }
}

interface NativeCoin {
  readonly name: string;
  readonly coin: string;
  readonly isUnderlying: boolean;
  readonly underlying: string;
}

/** A price of its own makes the native coin something else than the underlying: it has to be said exactly when it is. */
function checkNativePrice({ nativePriceUsd }: CheckedChain, field: string, native: NativeCoin): void {
  const { coin, isUnderlying, name, underlying } = native;
  if (!isUnderlying && nativePriceUsd === undefined) throw new NativePriceMissingError(field, name, coin, underlying);
  if (isUnderlying && nativePriceUsd !== undefined) {
    const problem = `prices ${coin}, which is the underlying itself on ${name}`;
    throw new InvalidInputError(field, nativePriceUsd, problem, 'Leave it out: the market says the price.');
  }
}

/** A chain that nobody has described has to bring its own tokens and contracts. */
function foreignChain(chain: CheckedChain, field: string): ChainConfig {
  const { base, contracts, id, nativePriceUsd, quote } = chain;
  if (Object.keys(contracts).length === 0) {
    throw new ChainNotDescribedError(`${field}.id`, id, 'contracts', describedChainIds);
  }
  const inFull = (stated: TokenConfig | string, side: 'base' | 'quote'): TokenConfig => {
    if (typeof stated !== 'string') return stated;
    throw new ChainNotDescribedError(
      `${field}.${side}`,
      id,
      `address, symbol and decimals of ${stated}`,
      describedChainIds,
    );
  };
  const baseInFull = inFull(base, 'base');
  return {
    ...chain,
    name: chain.name ?? `chain ${id}`,
    base: baseInFull,
    quote: inFull(quote, 'quote'),
    hyperlaneDomain: chain.hyperlaneDomain ?? id,
    universalRouterVersion: chain.universalRouterVersion ?? '2.0',
    resetAllowance: chain.resetAllowance ?? [],
    ...(nativePriceUsd === undefined ? { wrappedNative: baseInFull.address } : {}),
  };
}
