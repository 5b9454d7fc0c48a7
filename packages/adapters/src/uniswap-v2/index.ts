export { uniswapV2, type UniswapV2Chain, type UniswapV2Options } from './uniswap-v2.js';
export { uniswapV2Positions, type UniswapV2PositionsOptions } from './positions.js';
export type { MovingToken } from '../positions/market.js';
