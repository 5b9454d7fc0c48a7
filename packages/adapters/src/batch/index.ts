export {
  BatchPricesClashError,
  chainSettlement,
  type SettledMarket,
  type SettlementPlace,
  type SignedFill,
} from './chain-settlement.js';
export { type SettlementVerdict, trySettlement } from './find-culprits.js';
export { orderOfFill } from './order-of-fill.js';
