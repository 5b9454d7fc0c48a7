export type { PoolKey } from './pool-key.js';
export type { UniversalRouterVersion } from './swap-calls.js';
export { uniswapV4, type UniswapV4Chain, type UniswapV4Options } from './uniswap-v4.js';
export { uniswapV4Positions, type UniswapV4PositionsOptions } from './positions.js';
export type { MovingToken } from '../positions/market.js';
