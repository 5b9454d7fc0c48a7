import { across, acrossApiFees, scheduledAcrossFees } from '@evenkeel/adapters/across';
import { hyperlane } from '@evenkeel/adapters/hyperlane';
import { lifiBridge } from '@evenkeel/adapters/lifi';
import { uniswapV2 } from '@evenkeel/adapters/uniswap-v2';
import { uniswapV3 } from '@evenkeel/adapters/uniswap-v3';
import { uniswapV4 } from '@evenkeel/adapters/uniswap-v4';
import type { Address, BridgeAdapter, Chain, Clock, Lane, Token, VenueAdapter } from '@evenkeel/core';
import { InvalidInputError } from '@evenkeel/intents';
import type { ChainConfig, PortfolioConfig } from '../config/complete.js';

type ContractName = keyof ChainConfig['contracts'];

/** A configured chain beside its connection. */
export interface ConnectedChain {
  readonly config: ChainConfig;
  readonly chain: Chain;
}

export function baseToken({ base, id }: ChainConfig): Token {
  return { chainId: id, ...base };
}

export function quoteToken({ id, quote }: ChainConfig): Token {
  return { chainId: id, ...quote };
}

/**
 * Entries for the chains that carry all of `names`. A protocol that is on none of them is an error, for its adapter was
 * asked for by name.
 */
function where<T>(
  adapter: string,
  chains: readonly ConnectedChain[],
  names: readonly ContractName[],
  entry: (chain: Chain, addressOf: (name: ContractName) => Address, config: ChainConfig) => T,
): Record<number, T> {
  const found = chains.flatMap(({ chain, config }) => {
    const addressOf = (name: ContractName): Address => config.contracts[name]!;
    const complete = names.every((name) => config.contracts[name] !== undefined);
    return complete ? [[config.id, entry(chain, addressOf, config)] as const] : [];
  });
  if (found.length > 0) return Object.fromEntries(found);
  throw new InvalidInputError(
    'adapters',
    adapter,
    'has its contracts on none of the chains',
    `Give ${names.join(', ')}.`,
  );
}

/** The venues that the configuration names. */
export function venuesOf({ adapters }: PortfolioConfig, chains: readonly ConnectedChain[]): readonly VenueAdapter[] {
  const venues: Partial<Record<PortfolioConfig['adapters'][number], () => VenueAdapter>> = {
    'uniswap-v2': () =>
      uniswapV2({
        chains: where('uniswap-v2', chains, ['uniswapV2Factory', 'uniswapV2Router'], (chain, at, config) => ({
          chain,
          factory: at('uniswapV2Factory'),
          router: at('uniswapV2Router'),
          resetAllowance: config.resetAllowance,
        })),
      }),
    'uniswap-v3': () =>
      uniswapV3({
        chains: where(
          'uniswap-v3',
          chains,
          ['uniswapV3Factory', 'uniswapV3TickLens', 'uniswapV3SwapRouter02'],
          (chain, at, config) => ({
            chain,
            factory: at('uniswapV3Factory'),
            tickLens: at('uniswapV3TickLens'),
            router: at('uniswapV3SwapRouter02'),
            resetAllowance: config.resetAllowance,
          }),
        ),
      }),
    'uniswap-v4': () =>
      uniswapV4({
        chains: where(
          'uniswap-v4',
          chains,
          ['uniswapV4StateView', 'permit2', 'universalRouter'],
          (chain, at, config) => ({
            chain,
            stateView: at('uniswapV4StateView'),
            permit2: at('permit2'),
            universalRouter: at('universalRouter'),
            universalRouterVersion: config.universalRouterVersion,
            resetAllowance: config.resetAllowance,
          }),
        ),
      }),
  };
  return adapters.flatMap((name) => venues[name]?.() ?? []);
}

/** The bridges that the configuration names, each with every lane between two chains that it serves. */
export function bridgesOf(
  config: PortfolioConfig,
  chains: readonly ConnectedChain[],
  clock: Clock,
): readonly BridgeAdapter[] {
  const bridges: Partial<Record<PortfolioConfig['adapters'][number], () => BridgeAdapter>> = {
    across: () => acrossOf(config, chains, clock),
    hyperlane: () => hyperlaneOf(chains, clock),
    lifi: () => lifiOf(config, chains, clock),
  };
  return config.adapters.flatMap((name) => bridges[name]?.() ?? []);
}

function lanesOf(chains: readonly ChainConfig[]): readonly Lane[] {
  return chains.flatMap((from) =>
    chains
      .filter(({ id }) => id !== from.id)
      .flatMap((to) => [
        { from: baseToken(from), to: baseToken(to) },
        { from: quoteToken(from), to: quoteToken(to) },
      ]),
  );
}

function acrossOf(
  { across: settings }: PortfolioConfig,
  chains: readonly ConnectedChain[],
  clock: Clock,
): BridgeAdapter {
  if (settings === undefined) {
    const hint = 'Give across.fees, or leave the adapter out.';
    throw new InvalidInputError('across', undefined, 'is missing, and the adapter is named', hint);
  }
  const served = where('across', chains, ['acrossSpokePool', 'acrossMulticallHandler'], (chain, at, config) => ({
    chain,
    spokePool: at('acrossSpokePool'),
    multicallHandler: at('acrossMulticallHandler'),
    ...(config.wrappedNative === undefined ? {} : { wrappedNative: config.wrappedNative }),
  }));
  const { fees } = settings;
  return across({
    chains: served,
    lanes: lanesOf(chains.map(({ config }) => config).filter(({ id }) => served[id] !== undefined)),
    clock,
    fees:
      fees.kind === 'api'
        ? acrossApiFees({ clock, ...(fees.url === undefined ? {} : { apiUrl: fees.url }) })
        : scheduledAcrossFees({
            chains: served,
            relayer: fees.relayer,
            schedule: ({ from }) => ({
              capitalPpm: Math.round(fees.relayerFeeBps * 100),
              liquidityProviderPpm: 0,
              gasAtoms: 0n,
              minDepositAtoms: 10n ** BigInt(Math.max(0, from.decimals - 2)),
              expectedFillSeconds: fees.expectedFillSeconds,
            }),
          }),
  });
}

function hyperlaneOf(chains: readonly ConnectedChain[], clock: Clock): BridgeAdapter {
  const served = where('hyperlane', chains, ['hyperlaneMailbox'], (chain, at, config) => ({
    chain,
    domain: config.hyperlaneDomain,
    mailbox: at('hyperlaneMailbox'),
    ...(config.nativeSymbol === undefined ? {} : { nativeSymbol: config.nativeSymbol }),
  }));
  const routersFor = (side: 'base' | 'quote') =>
    chains.flatMap(({ config }) => {
      const router = config.hyperlaneWarpRoutes[side];
      const token = side === 'base' ? baseToken(config) : quoteToken(config);
      return router === undefined ? [] : [{ token, router }];
    });
  return hyperlane({
    chains: served,
    routes: [routersFor('base'), routersFor('quote')].filter((route) => route.length > 1),
    clock,
  });
}

function lifiOf({ lifi }: PortfolioConfig, chains: readonly ConnectedChain[], clock: Clock): BridgeAdapter {
  if (lifi === undefined) {
    const hint = 'Give lifi.integrator, or leave the adapter out.';
    throw new InvalidInputError('lifi', undefined, 'is missing, and the adapter is named', hint);
  }
  const served = where('lifi', chains, ['lifiDiamond'], (chain, at) => ({ chain, targets: [at('lifiDiamond')] }));
  return lifiBridge({
    integrator: lifi.integrator,
    ...(lifi.apiUrl === undefined ? {} : { apiUrl: lifi.apiUrl }),
    chains: served,
    lanes: lanesOf(chains.map(({ config }) => config).filter(({ id }) => served[id] !== undefined)),
    clock,
  });
}
