export { uniswapV3, type UniswapV3Chain, type UniswapV3Options } from './uniswap-v3.js';
export { uniswapV3Positions, type UniswapV3PositionsOptions } from './positions.js';
export type { MovingToken } from '../positions/market.js';
