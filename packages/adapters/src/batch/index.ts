export {
  BatchPricesClashError,
  chainSettlement,
  type RoutedMarket,
  type SettledMarket,
  type SettlementPlace,
  type SignedFill,
} from './chain-settlement.js';
export type { SettlementVerdict } from './find-culprits.js';
export { orderOfFill } from './order-of-fill.js';
export { ownerCalls, type OwnerPlace } from './owner-settlement.js';
export { tryOwnerSettlement } from './try-owner-settlement.js';
export { trySettlement } from './try-settlement.js';
