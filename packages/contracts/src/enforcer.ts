import { AbiCoder, Interface } from 'ethers/abi';
import { concat, toBeHex } from 'ethers/utils';
import { encodePolicy, marketProof, marketTuple, orderTuple, TYPES } from './policy.js';
import type { Address, BandAttestation, BandOrder, BandPolicy, Hex } from './types.js';

const ATTESTATION_TYPE = 'tuple(uint96 low, uint96 high, uint32 sequence, uint32 validUntil, bytes signature)';
const erc20 = new Interface(['function transfer(address to, uint256 amount)']);
const coder = AbiCoder.defaultAbiCoder();

/** The terms of a caveat of `DeltaBandEnforcer`, as the owner signs them in a delegation. `paymaster` and `gasBudgetWei` are zero. */
export function enforcerTerms(policy: BandPolicy): Hex {
  return encodePolicy(policy);
}

/** What the session key gives with a redemption: market, proof, order, and at most one attestation. */
export function enforcerArgs(policy: BandPolicy, index: number, order: BandOrder, attestation?: BandAttestation): Hex {
  return coder.encode(
    [TYPES.market, 'bytes32[]', TYPES.order, `${ATTESTATION_TYPE}[]`],
    [
      marketTuple(policy.markets[index]!),
      marketProof(policy, index),
      orderTuple(order),
      attestation === undefined ? [] : [attestation],
    ],
  ) as Hex;
}

/** The one execution that the enforcer lets pass (ERC-7579, single): a transfer of what is ordered to it. */
export function enforcerExecution(enforcer: Address, policy: BandPolicy, index: number, order: BandOrder): Hex {
  const token = order.sell ? policy.markets[index]!.base : policy.quote;
  const transfer = erc20.encodeFunctionData('transfer', [enforcer, order.amountIn]);
  return concat([token, toBeHex(0n, 32), transfer]) as Hex;
}
