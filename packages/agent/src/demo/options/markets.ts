import { aaveShort, aaveV3Account } from '@evenkeel/adapters/aave-v3';
import { erc20Holdings } from '@evenkeel/adapters/erc20';
import { jsonRpcChain } from '@evenkeel/adapters/json-rpc';
import { lyraOptions, lyraPositions, type LyraSettling, type LyraTrading } from '@evenkeel/adapters/lyra';
import { perpV2Instrument, type PerpV2Market, perpV2Positions } from '@evenkeel/adapters/perp-v2';
import { spotInstrument } from '@evenkeel/adapters/spot';
import { uniswapV3 } from '@evenkeel/adapters/uniswap-v3';
import type { Address, Chain, Clock, InstrumentAdapter, PositionSource, Token, VenueAdapter } from '@evenkeel/core';
import type { ChainParts, World, WorldChain } from '@evenkeel/devnet';

/** One chain with options, perpetuals, loans and spot. */
export interface DerivativeChain {
  readonly chain: Chain;
  readonly local: WorldChain;
  readonly parts: Required<Pick<ChainParts, 'aaveV3' | 'lyra' | 'perpV2'>>;
  readonly perp: PerpV2Market;
  readonly lyra: LyraTrading & LyraSettling;
  /** WETH, USDC, sUSD and sETH: all that the owner's wallet may hold beside gas. */
  readonly tokens: Readonly<Record<'sETH' | 'sUSD' | 'USDC' | 'WETH', Token>>;
  readonly sources: readonly PositionSource[];
}

export interface Markets {
  readonly chains: readonly DerivativeChain[];
  /** Pools of the underlying, through which spot is routed. */
  readonly venues: readonly VenueAdapter[];
  readonly adapters: Readonly<Record<'lyra' | 'loan' | 'perp' | 'spot', InstrumentAdapter>>;
}

/** Our adapters over all chains of a world that has the parts. */
export function marketsOf(world: World, clock: Clock): Markets {
  const chains = world.chains.map(derivativeChain);
  const byId = <T>(entry: (each: DerivativeChain) => T): Readonly<Record<number, T>> =>
    Object.fromEntries(chains.map((each) => [each.chain.id, entry(each)]));
  const venues = [
    uniswapV3({
      chains: byId(({ chain, local: { contracts } }) => ({
        chain,
        factory: contracts.uniswapV3Factory,
        tickLens: contracts.uniswapV3TickLens,
        router: contracts.uniswapV3SwapRouter02,
      })),
    }),
  ];
  const spot = ({ chain, tokens: { USDC, WETH } }: DerivativeChain) => {
    return { chain, underlying: WETH, numeraire: USDC, venues };
  };
  return {
    chains,
    venues,
    adapters: {
      lyra: lyraOptions({ chains: byId(({ lyra }) => lyra), clock }),
      perp: perpV2Instrument({ chains: byId(({ perp }) => perp), clock }),
      spot: spotInstrument({ chains: byId(spot), clock }),
      loan: aaveShort({
        chains: byId((each) => {
          const { addressesProvider, pool } = each.parts.aaveV3;
          return { ...spot(each), addressesProvider, pool };
        }),
        clock,
      }),
    },
  };
}

function derivativeChain(local: WorldChain): DerivativeChain {
  const { contracts, id, name, rpcUrl } = local;
  const { aaveV3, lyra: options, perpV2 } = local.parts;
  if (aaveV3 === undefined || options === undefined || perpV2 === undefined) {
    throw new Error(`Chain ${id} lacks a part of the derivative world.`);
  }
  const chain = jsonRpcChain({ id, name, url: rpcUrl, multicall3: contracts.multicall3 });
  const token = (symbol: string, address: Address): Token => ({ chainId: id, address, symbol, decimals: 18 });
  const { USDC, WETH } = local.tokens;
  const [sUSD, sETH] = [token('sUSD', options.sUSD), token('sETH', options.sETH)];
  const perp: PerpV2Market = {
    ...perpV2,
    chain,
    baseToken: token('vETH', perpV2.baseToken),
    quoteToken: token('vUSD', perpV2.quoteToken),
    settlementToken: USDC,
  };
  const lyra = { ...options, chain, quoteAsset: sUSD, baseAsset: sETH };
  const underlying = { deltaPerUnit: '1', valuePerUnit: '0' };
  const money = { deltaPerUnit: '0', valuePerUnit: '1' };
  const loanAssets = [
    { token: WETH, ...underlying },
    { token: USDC, ...money },
  ];
  return {
    chain,
    local,
    parts: { aaveV3, lyra: options, perpV2 },
    perp,
    lyra,
    tokens: { WETH, USDC, sUSD, sETH },
    sources: [
      erc20Holdings({ chain, tokens: [...loanAssets, { token: sETH, ...underlying }, { token: sUSD, ...money }] }),
      perpV2Positions(perp),
      lyraPositions(lyra),
      aaveV3Account({ chain, addressesProvider: aaveV3.addressesProvider, assets: loanAssets }),
    ],
  };
}
