import { Interface } from 'ethers';

/** UniswapV2Factory, UniswapV2Pair and UniswapV2Router02, as far as they are used. */
export const factoryAbi: Interface = new Interface(['function getPair(address, address) view returns (address)']);

export const pairAbi: Interface = new Interface([
  'function getReserves() view returns (uint112 reserve0, uint112 reserve1, uint32 blockTimestampLast)',
  'function totalSupply() view returns (uint256)',
  'function balanceOf(address) view returns (uint256)',
]);

export const routerAbi: Interface = new Interface([
  'function swapExactTokensForTokens(uint256 amountIn, uint256 amountOutMin, address[] path, address to, uint256 deadline) returns (uint256[])',
]);
