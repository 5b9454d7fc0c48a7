/** Addresses and constants that are the same on every public chain, and so here. */

/** Uniswap's own CREATE2 salt of Permit2; with it the canonical address comes out. */
export const PERMIT2_SALT = '0x0000000000000000000000000000000000000000d3af2663da51c10215000000';
export const PERMIT2_ADDRESS = '0x000000000022D473030F116dDEE9F6B43aC78BA3';
/** Deterministic deployment proxy; anvil has it built in. */
export const CREATE2_DEPLOYER = '0x4e59b44847b379578588920cA78FbF26c0B4956C';
export const MULTICALL3_ADDRESS = '0xcA11bde05977b3631167028862bE2a173976CA11';
/** keccak-256 of the creation code of a Uniswap V2 pair. */
export const V2_PAIR_INIT_CODE_HASH = '0x96e8ac4277198ff8b6f785478aa9a39f403cb768dd02cbee326c3e7da348845f';
/** keccak-256 of the creation code of a Uniswap V3 pool. */
export const V3_POOL_INIT_CODE_HASH = '0xe34f199b19b2b4f47f68442619d555527d244f78a3297ea89325f843f87b8b54';

export const ZERO_ADDRESS = '0x0000000000000000000000000000000000000000';
export const MAX_UINT256: bigint = 2n ** 256n - 1n;
export const MAX_UINT160: bigint = 2n ** 160n - 1n;
export const MAX_UINT48: bigint = 2n ** 48n - 1n;
