export * from './account.js';
export * from './capabilities.js';
export * from './errors.js';
export type { Eip1193Provider } from './provider.js';
export { callsStatus, type CallsStatus } from './status.js';
export { sendCallsRequest, type SendCallsFacts, type SendCallsRequest } from './request.js';
