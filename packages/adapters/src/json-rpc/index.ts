export { jsonRpcChain, type JsonRpcChainOptions, type JsonRpcSource } from './chain.js';
export { decodeRevert } from './revert.js';
export { MULTICALL3_ADDRESS } from './multicall.js';
export type { Eip1193Request, Fetch } from './transport.js';
export * from './errors.js';
export { quorumChain } from './quorum.js';
