import { AbiCoder } from 'ethers';
import { type Address, type Call, type Hex, sameAddress } from '@evenkeel/core';

/** A right to take tokens that a call gives away. */
export interface Grant {
  readonly kind: 'erc20' | 'permit2' | 'everything';
  readonly token: Address;
  readonly spender: Address;
  readonly atoms: bigint;
}

const APPROVE = '0x095ea7b3';
const INCREASE_ALLOWANCE = '0x39509351';
const SET_APPROVAL_FOR_ALL = '0xa22cb465';
/** approve(address token, address spender, uint160 amount, uint48 expiration) of Permit2's AllowanceTransfer. */
const PERMIT2_APPROVE = '0x87517c45';

/** What a call lets somebody take, read from its calldata and not from what it says of itself. */
export function grantOf({ data, to }: Pick<Call, 'data' | 'to'>): Grant | undefined {
  switch (data.slice(0, 10)) {
    case APPROVE:
    case INCREASE_ALLOWANCE: {
      const [spender, atoms] = words(data, ['address', 'uint256']) ?? [];
      return spender === undefined ? undefined : { kind: 'erc20', token: to, spender, atoms: atoms as bigint };
    }
    case SET_APPROVAL_FOR_ALL: {
      const [spender] = words(data, ['address', 'bool']) ?? [];
      return spender === undefined ? undefined : { kind: 'everything', token: to, spender, atoms: 0n };
    }
    case PERMIT2_APPROVE: {
      const [token, spender, atoms] = words(data, ['address', 'address', 'uint160', 'uint48']) ?? [];
      if (token === undefined) return undefined;
      return { kind: 'permit2', token, spender: spender as Address, atoms: atoms as bigint };
    }
    default:
      return undefined;
  }
}

function words(data: Hex, types: readonly string[]): readonly [Address, ...unknown[]] | undefined {
  try {
    return [...AbiCoder.defaultAbiCoder().decode(types, `0x${data.slice(10)}`)] as unknown as [Address, ...unknown[]];
  } catch {
    return undefined;
  }
}

/** All that calls give away, each right once. */
export function grantsOf(calls: readonly Call[]): readonly Grant[] {
  const grants: Grant[] = [];
  for (const grant of calls.map(grantOf)) {
    if (grant !== undefined && !grants.some((each) => sameRight(each, grant))) grants.push(grant);
  }
  return grants;
}

function sameRight(a: Grant, b: Grant): boolean {
  return a.kind === b.kind && sameAddress(a.token, b.token) && sameAddress(a.spender, b.spender);
}
