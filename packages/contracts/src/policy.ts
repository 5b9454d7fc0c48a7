import { AbiCoder } from 'ethers/abi';
import { keccak256 } from 'ethers/crypto';
import { merkleProof, merkleRoot } from './merkle.js';
import type { Address, BandMarket, BandOrder, BandPolicy, Hex } from './types.js';

const NOBODY: Address = `0x${'00'.repeat(20)}`;
/** Places for pools in a market. */
export const MAX_POOLS = 4;

const POLICY_TYPE =
  'tuple(uint256 chainId, address sessionKey, address policyKey, address paymaster, address quote, uint48 start, uint48 expiry, uint32 windowSeconds, uint16 lossBps, uint16 maxDeviationBps, uint32 paymasterOverheadGas, uint128 capAtoms, uint128 gasBudgetWei, bytes32 markets)';
const MARKET_TYPE =
  'tuple(address base, address twapPool, uint32 twapSeconds, address feed, uint32 feedMaxAgeSeconds, int8 feedExponent, uint96 low, uint96 high, uint96 outerLow, uint96 outerHigh, address[4] pools)';
const ORDER_TYPE =
  'tuple(bool sell, uint8 venue, uint32 bucket, uint48 deadline, uint128 amountIn, uint128 minOut, uint16 observation)';
/** No place among a pool's observations. */
const SEARCH = 65_535;

const coder = AbiCoder.defaultAbiCoder();

/** The contract's own tuple, for an ethers `Interface`. */
export function marketTuple({ pools, ...market }: BandMarket): object {
  return { ...market, pools: Array.from({ length: MAX_POOLS }, (_, at) => pools[at] ?? NOBODY) };
}

export function policyTuple(policy: BandPolicy): object {
  return { ...policy, markets: merkleRoot(marketHashes(policy.markets)) };
}

/** Markets are hashed once: the same policy goes with every order. */
const hashed = new WeakMap<readonly BandMarket[], readonly Hex[]>();

function marketHashes(markets: readonly BandMarket[]): readonly Hex[] {
  const known = hashed.get(markets);
  if (known !== undefined && Object.isFrozen(markets)) return known;
  const hashes = markets.map(marketHash);
  hashed.set(markets, hashes);
  return hashes;
}

export function orderTuple(order: BandOrder): object {
  return { observation: SEARCH, ...order };
}

export function marketHash(market: BandMarket): Hex {
  return keccak256(coder.encode([MARKET_TYPE], [marketTuple(market)])) as Hex;
}

/** The ABI encoding of a policy: what `onInstall` takes, and what the grant's id is the hash of. */
export function encodePolicy(policy: BandPolicy): Hex {
  return coder.encode([POLICY_TYPE], [policyTuple(policy)]) as Hex;
}

/**
 * What a grant is known by on chain.
 *
 * @example
 * ```ts
 * revokeCall(module, grantId(policy))
 * ```
 */
export function grantId(policy: BandPolicy): Hex {
  return keccak256(encodePolicy(policy)) as Hex;
}

/** That the market at `index` belongs to the policy. */
export function marketProof(policy: BandPolicy, index: number): readonly Hex[] {
  return merkleProof(marketHashes(policy.markets), index);
}

/** The quarter of a window that a time lies in. */
export function bucketAt(policy: Pick<BandPolicy, 'start' | 'windowSeconds'>, timeSeconds: number): number {
  return Math.floor((timeSeconds - policy.start) / (policy.windowSeconds / 4));
}

export const TYPES: Readonly<Record<'policy' | 'market' | 'order', string>> = {
  policy: POLICY_TYPE,
  market: MARKET_TYPE,
  order: ORDER_TYPE,
};
