export type { UniswapXChain, UniswapXOptions } from './config.js';
export {
  type DutchOrder,
  dutchOrderHash,
  dutchOrderTypedData,
  encodeDutchOrder,
  type ExclusiveDutchOrder,
  type V2DutchOrder,
} from './dutch-order.js';
export { uniswapXHttp, type UniswapXHttpOptions } from './http-network.js';
export type { FillerQuote, FillerRequest, PostedOrder, UniswapXNetwork } from './network.js';
export { uniswapx } from './uniswapx.js';
