import type { PerpV2Market } from '@evenkeel/adapters/perp-v2';
import type { SynthetixPerpsMarket } from '@evenkeel/adapters/synthetix-perps';
import type { Address } from '@evenkeel/core';
import type { PositionsConfig } from '../config/positions-schema.js';
import { baseToken, type ConnectedChain, quoteToken } from './adapters.js';

/** A market of Perp v2 as it is named under `instruments` and `positions`; the chain's base counts as collateral. */
export function perpV2MarketOf(
  { baseSymbol, baseToken: base, chainId, quoteToken: quote, ...contracts }: PositionsConfig['perpV2'][number],
  { chain, config }: ConnectedChain,
): PerpV2Market {
  const virtual = (symbol: string, address: Address) => ({ chainId, address, symbol, decimals: 18 });
  return {
    ...contracts,
    chain,
    baseToken: virtual(baseSymbol, base),
    quoteToken: virtual('vUSD', quote),
    settlementToken: quoteToken(config),
    collaterals: [{ token: baseToken(config), deltaPerUnit: '1', valuePerUnit: '0' }],
  };
}

/** A market of Synthetix PerpsV2 as it is named there. */
export function synthetixMarketOf(
  { chainId, marginToken, market, symbol }: PositionsConfig['synthetixPerps'][number],
  { chain }: ConnectedChain,
): SynthetixPerpsMarket {
  return { chain, market, symbol, marginToken: { chainId, address: marginToken, symbol: 'sUSD', decimals: 18 } };
}
