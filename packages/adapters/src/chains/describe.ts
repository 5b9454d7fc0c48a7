import {
  CHAIN_TO_ADDRESSES_MAP,
  SWAP_ROUTER_02_ADDRESSES,
  V2_FACTORY_ADDRESSES,
  V2_ROUTER_ADDRESSES,
  WETH9,
} from '#sdk-core';
import { getAddress } from 'ethers';
import { type Address, NATIVE_ADDRESS, sameAddress, type Token } from '@evenkeel/core';
import { MULTICALL3_ADDRESS } from '../json-rpc/multicall.js';
import { UnknownChainError, UnknownTokenError } from './errors.js';
import { type PublishedChain, publishedChains, publishedSources, type PublishedSource } from './published.js';

/** Contracts of other people that calls and reads of our adapters go to. */
export type ContractName =
  | 'multicall3'
  | 'permit2'
  | 'uniswapV2Factory'
  | 'uniswapV2Router'
  | 'uniswapV3Factory'
  | 'uniswapV3PositionManager'
  | 'uniswapV3SwapRouter02'
  | 'uniswapV3TickLens'
  | 'uniswapV4PoolManager'
  | 'uniswapV4PositionManager'
  | 'uniswapV4Quoter'
  | 'uniswapV4StateView'
  | 'universalRouter'
  | 'acrossMulticallHandler'
  | 'acrossSpokePool'
  | 'hyperlaneMailbox';

/** Who says what an address is: a package that is pinned by its integrity, a dependency, or a page. */
export type AddressSource =
  | ({ readonly kind: 'package' } & PublishedSource)
  | { readonly kind: 'dependency'; readonly package: string }
  | { readonly kind: 'page'; readonly url: string };

/** A public chain: its tokens and the protocols' addresses on it. */
export interface ChainDescription {
  readonly id: number;
  readonly name: string;
  /** The native coin, with the zero address as every native coin has here. */
  readonly native: Token;
  /** The ERC-20 form of the native coin. */
  readonly wrappedNative: Token;
  readonly tokens: readonly Token[];
  readonly contracts: Readonly<Record<ContractName, Address>>;
  readonly sources: Readonly<Record<ContractName, AddressSource>>;
  /** Which encoding the Universal Router above takes. */
  readonly universalRouterVersion: '2.0';
  readonly hyperlaneDomain: number;
  /** Tokens that refuse to change an allowance that is not zero. */
  readonly resetAllowance: readonly Address[];
}

const SDK_CORE: AddressSource = { kind: 'dependency', package: '@uniswap/sdk-core' };

/** From the same page of Uniswap's documentation as the factories; sdk-core leaves it out for three of the chains. */
const TICK_LENS: Address = '0xbfd8137f7d1516D3ea5cA83523914859ec47F573';
const TICK_LENS_PAGE: AddressSource = {
  kind: 'page',
  url: 'https://docs.uniswap.org/contracts/v3/reference/deployments',
};
const MULTICALL3_PAGE: AddressSource = { kind: 'page', url: 'https://github.com/mds1/multicall3' };

/** USDT on Ethereum requires an allowance of zero before it sets another (TetherToken.approve). */
const RESET_ALLOWANCE: Readonly<Record<number, readonly string[]>> = { 1: ['USDT'] };

/** Ids of the chains that are described. */
export const describedChainIds: readonly number[] = Object.freeze(publishedChains.map(({ id }) => id));

const descriptions: ReadonlyMap<number, ChainDescription> = new Map(
  publishedChains.map((chain) => [chain.id, describe(chain)]),
);

/**
 * Tokens and protocol addresses of a public chain, from the protocols' own published packages.
 *
 * An address book is a claim. Before money moves, {@link verifyDeployment} compares it with the chain.
 *
 * @throws UnknownChainError
 *
 * @example
 * ```ts
 * const { contracts, tokens } = chainDescription(42161)
 * contracts.acrossSpokePool // '0xe35e9842fceaCA96570B734083f4a58e8F7C5f2A'
 * ```
 */
export function chainDescription(chainId: number): ChainDescription {
  const found = descriptions.get(chainId);
  if (found === undefined) throw new UnknownChainError(chainId, describedChainIds);
  return found;
}

/**
 * A token of a described chain by its symbol, in exactly the letters of the list, or by its address in any case. The
 * native coin answers to its symbol and to the zero address.
 *
 * @throws UnknownChainError, UnknownTokenError
 *
 * @example
 * ```ts
 * resolveToken(8453, 'USDC').decimals // 6
 * ```
 */
export function resolveToken(chainId: number, symbolOrAddress: string): Token {
  const { native, tokens } = chainDescription(chainId);
  const all = [native, ...tokens];
  const found = all.find(({ symbol, address }) => symbol === symbolOrAddress || sameAddress(address, symbolOrAddress));
  if (found !== undefined) return found;
  throw new UnknownTokenError(
    chainId,
    symbolOrAddress,
    all.map(({ symbol }) => symbol),
  );
}

function describe(chain: PublishedChain): ChainDescription {
  const { id, name, hyperlaneDomain, nativeSymbol } = chain;
  const tokens = tokensOf(chain);
  const entries = { ...uniswap(id), ...published(chain), multicall3: [MULTICALL3_ADDRESS, MULTICALL3_PAGE] as const };
  const names = Object.keys(entries) as ContractName[];
  const pick = <V>(value: (name: ContractName) => V): Readonly<Record<ContractName, V>> =>
    Object.freeze(Object.fromEntries(names.map((key) => [key, value(key)])) as Record<ContractName, V>);
  return Object.freeze({
    id,
    name,
    native: Object.freeze({ chainId: id, address: NATIVE_ADDRESS, symbol: nativeSymbol, decimals: 18 }),
    wrappedNative: tokens.find(({ address }) => sameAddress(address, WETH9[id]!.address))!,
    tokens,
    contracts: pick((key) => entries[key][0]),
    sources: pick((key) => Object.freeze(entries[key][1])),
    universalRouterVersion: '2.0',
    hyperlaneDomain,
    resetAllowance: Object.freeze(
      tokens.filter(({ symbol }) => RESET_ALLOWANCE[id]?.includes(symbol)).map(({ address }) => address),
    ),
  });
}

function tokensOf({ id, tokens }: PublishedChain): readonly Token[] {
  return Object.freeze(tokens.map((token) => Object.freeze({ chainId: id, ...token })));
}

type Entry = readonly [Address, AddressSource];
type UniswapName = Extract<ContractName, `uniswap${string}`>;

function uniswap(id: number): Record<UniswapName, Entry> {
  const map = (CHAIN_TO_ADDRESSES_MAP as Readonly<Record<number, Readonly<Record<string, string | undefined>>>>)[id]!;
  const entry = (address: string | undefined): Entry => [getAddress(address!) as Address, SDK_CORE];
  return {
    uniswapV2Factory: entry(V2_FACTORY_ADDRESSES[id]),
    uniswapV2Router: entry(V2_ROUTER_ADDRESSES[id]),
    uniswapV3Factory: entry(map['v3CoreFactoryAddress']),
    uniswapV3PositionManager: entry(map['nonfungiblePositionManagerAddress']),
    uniswapV3SwapRouter02: entry(SWAP_ROUTER_02_ADDRESSES(id)),
    uniswapV3TickLens:
      map['tickLensAddress'] === undefined ? [TICK_LENS, TICK_LENS_PAGE] : entry(map['tickLensAddress']),
    uniswapV4PoolManager: entry(map['v4PoolManagerAddress']),
    uniswapV4PositionManager: entry(map['v4PositionManagerAddress']),
    uniswapV4Quoter: entry(map['v4QuoterAddress']),
    uniswapV4StateView: entry(map['v4StateView']),
  };
}

type PublishedName = Exclude<ContractName, UniswapName | 'multicall3'>;

function published({ contracts }: PublishedChain): Record<PublishedName, Entry> {
  const entries = Object.entries(contracts).map(([name, [address, source]]): [string, Entry] => [
    name,
    [address, { kind: 'package', ...publishedSources[source]! }],
  ]);
  return Object.fromEntries(entries) as Record<PublishedName, Entry>;
}
