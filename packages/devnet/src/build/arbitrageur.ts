import type { Address } from '../world.js';
import { ACCOUNTS } from './accounts.js';
import type { Builder } from './builder.js';
import { MAX_UINT256 } from './protocols.js';
import { mint } from './tokens.js';
import type { ChainTokens } from './tokens.js';
import type { UniswapContracts } from './uniswap.js';

const arbitrageur = ACCOUNTS.arbitrageur.address;

/** Several times what all pools of a chain hold. */
const STOCK_WETH_WEI = 20_000n * 10n ** 18n;
const STOCK_USDC_ATOMS = 60_000_000n * 10n ** 6n;

/**
 * Gives the arbitrageur its inventory and its approvals, and a router through which it can trade on V4 up to a price. It
 * deploys the router itself, as arbitrageurs deploy contracts of their own.
 */
export function equipArbitrageur(
  builder: Builder,
  { USDC, WETH }: ChainTokens,
  { uniswapV2Router, uniswapV3SwapRouter02, uniswapV4PoolManager }: UniswapContracts,
): { readonly uniswapV4PoolSwapTest: Address } {
  const uniswapV4PoolSwapTest = builder.deploy(arbitrageur, 'PoolSwapTest', ['address'], [uniswapV4PoolManager]);
  mint(builder, WETH, arbitrageur, STOCK_WETH_WEI);
  mint(builder, USDC, arbitrageur, STOCK_USDC_ATOMS);
  for (const { address } of [WETH, USDC]) {
    for (const spender of [uniswapV2Router, uniswapV3SwapRouter02, uniswapV4PoolSwapTest]) {
      builder.send(arbitrageur, address, 'approve(address,uint256)', [spender, MAX_UINT256]);
    }
  }
  return { uniswapV4PoolSwapTest };
}
