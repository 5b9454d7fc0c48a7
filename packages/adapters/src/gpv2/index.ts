export {
  type ClearingPrices,
  executedAmounts,
  type ExecutedAmounts,
  type TradeRefusal,
  TradeRefusedError,
} from './execution.js';
export { decodeTradeFlags, encodeTradeFlags, type SigningScheme, type TradeFlags } from './flags.js';
export {
  BUY_NATIVE_ADDRESS,
  type BuyBalance,
  type Gpv2Domain,
  type Gpv2Order,
  hashOrder,
  orderTypedData,
  parseOrder,
  type SellBalance,
} from './order.js';
export {
  filledAmountCall,
  INVALIDATED_FILLED_ATOMS,
  invalidateOrderCall,
  preSignCall,
  type SettledTrade,
  settledTrades,
} from './order-calls.js';
export { orderUid, type OrderUidParts, packOrderUid, unpackOrderUid } from './order-uid.js';
export { type Gpv2Interaction, type Gpv2Settlement, type Gpv2Trade, settleCall } from './settle.js';
export { encodeOrderSignature, type OrderSignature } from './signature.js';
