export { feedAnswer, type PriceBump, storageWord, uniswapV3Price } from './bumps.js';
export { revalue, type RevalueOptions, type ViewValue } from './revalue.js';
