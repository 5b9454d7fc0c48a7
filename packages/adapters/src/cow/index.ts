export { appDataOf } from './app-data.js';
export { bidOfAmounts, type OrderAmounts } from './bid.js';
export type { CowChain, CowOptions } from './config.js';
export { cow } from './cow.js';
export {
  type CowOrderBook,
  cowOrderBook,
  type CowOrderBookOptions,
  type CowOrderPost,
  type CowQuote,
  type CowQuoteRequest,
  type CowScheme,
} from './order-book.js';
