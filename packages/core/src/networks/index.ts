// Networks: outside solver networks in the loop, beside our own routes
export type { NetworkOptions } from './options.js';
export { ordersInFlight, solverNetworks, withoutBids } from './solver-networks.js';
