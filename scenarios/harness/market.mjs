// Somebody who trades in the pools, for reasons of his own.
import { Contract, Wallet } from 'ethers';

const V2_PAIR = ['function getReserves() view returns (uint112, uint112, uint32)'];
const V2_ROUTER = ['function swapExactTokensForTokens(uint256, uint256, address[], address, uint256)'];
const V3_POOL = ['function slot0() view returns (uint160, int24, uint16, uint16, uint16, uint8, bool)'];
const V3_ROUTER = [
  'function exactInputSingle((address tokenIn, address tokenOut, uint24 fee, address recipient, uint256 amountIn, uint256 amountOutMinimum, uint160 sqrtPriceLimitX96)) returns (uint256)',
];
const ERC20 = ['function approve(address, uint256)', 'function balanceOf(address) view returns (uint256)'];
const PLENTY = { USDC: 10n ** 14n, WETH: 10n ** 23n };
const GAS = { gasLimit: 3_000_000n, maxFeePerGas: 10n ** 13n, maxPriorityFeePerGas: 10n ** 9n };

/** Pools of Uniswap V2 and V3 between USDC and WETH. */
export function pairPools(chain, kinds = ['uniswap-v2', 'uniswap-v3']) {
  const pair = new Set([chain.tokens.USDC.address, chain.tokens.WETH.address]);
  return chain.pools.filter(
    (pool) => kinds.includes(pool.kind) && pair.has(pool.token0.address) && pair.has(pool.token1.address),
  );
}

const done = async (sent) => (await sent).wait();

/**
 * The world's trader buys (or, below zero, sells) WETH in these pools until it costs so many percent more there.
 * Transactions have to be mined at once meanwhile.
 *
 * @returns what the trader has gained, in atoms by token; below zero: paid
 */
export async function pumpPools(world, chain, pools, percent) {
  const wallet = new Wallet(world.accounts.trader.privateKey, chain.provider);
  const { USDC, WETH } = chain.tokens;
  const [given, taken] = percent > 0 ? [USDC, WETH] : [WETH, USDC];
  const token = (each) => new Contract(each.address, ERC20, wallet);
  const { uniswapV2Router, uniswapV3SwapRouter02 } = chain.contracts;
  if ((await token(given).balanceOf(wallet.address)) < PLENTY[given.symbol]) {
    await world.fund(given, wallet.address, PLENTY[given.symbol] * 10n);
    for (const router of [uniswapV2Router, uniswapV3SwapRouter02]) {
      await done(token(given).approve(router, PLENTY[given.symbol] * 1000n, GAS));
    }
  }
  const holdings = async () => ({
    USDC: await token(USDC).balanceOf(wallet.address),
    WETH: await token(WETH).balanceOf(wallet.address),
  });
  const before = await holdings();
  // The pool's own price of token0; its root moves by the root of the factor.
  const root = Math.sqrt(1 + Math.abs(percent) / 100);
  for (const pool of pools) {
    const givenIs0 = pool.token0.address === given.address;
    if (pool.kind === 'uniswap-v2') {
      const reserves = await new Contract(pool.address, V2_PAIR, chain.provider).getReserves();
      const amountIn = (reserves[givenIs0 ? 0 : 1] * BigInt(Math.round((root - 1) * 1e6))) / 1_000_000n;
      const router = new Contract(uniswapV2Router, V2_ROUTER, wallet);
      const path = [given.address, taken.address];
      await done(router.swapExactTokensForTokens(amountIn, 0n, path, wallet.address, 10n ** 12n, GAS));
    } else {
      const [now] = await new Contract(pool.address, V3_POOL, chain.provider).slot0();
      const scale = BigInt(Math.round(root * 1e9));
      const limit = givenIs0 ? (now * 1_000_000_000n) / scale : (now * scale) / 1_000_000_000n;
      const router = new Contract(uniswapV3SwapRouter02, V3_ROUTER, wallet);
      const order = [given.address, taken.address, pool.feePips, wallet.address, PLENTY[given.symbol], 0n, limit];
      await done(router.exactInputSingle(order, GAS));
    }
  }
  const after = await holdings();
  return { USDC: after.USDC - before.USDC, WETH: after.WETH - before.WETH };
}
