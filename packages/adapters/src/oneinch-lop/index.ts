export { oneinchLop, type OneinchLop, type OneinchLopChain, type OneinchLopOptions } from './oneinch-lop.js';
export { limitOrderHash, limitOrderTypedData, type LimitOrder, type SignedLimitOrder } from './order.js';
export { heldOrders, type LimitOrderRequest, type LimitOrderSource } from './source.js';
export type { ClosedReason, OrderState, SeenOrder } from './state.js';
