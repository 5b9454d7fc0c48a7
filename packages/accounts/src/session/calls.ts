import type { Address, Call, Hex } from '@evenkeel/core';
import {
  type BandAttestation,
  type BandCall,
  type BandOrder,
  type BandPolicy,
  grantId,
  installCalls,
  rebalanceCall,
  revokeAllCall,
  revokeCall,
  uninstallCalls,
} from '@evenkeel/contracts';
import { Interface } from 'ethers/abi';
import { parsePolicy } from './policy.js';

const erc20 = new Interface(['function approve(address spender, uint256 amount)']);

export interface GrantRequest {
  readonly account: Address;
  readonly module: Address;
  readonly policy: BandPolicy;
  /** What the paymaster may take for gas in all: the token is approved to it, and nothing else is to anybody. */
  readonly gas?: { readonly token: Address; readonly atoms: bigint };
}

/**
 * What the owner's account does to grant a policy for the first time: it installs the module, which grants, and lets the
 * paymaster be paid.
 *
 * @throws GRANT_MALFORMED
 */
export function grantCalls({ account, gas, module, policy }: GrantRequest): readonly Call[] {
  const parsed = parsePolicy(policy);
  const [executor, validator] = installCalls(account, module, parsed) as [BandCall, BandCall];
  const calls = [
    asCall(parsed.chainId, executor, 'action', 'let the delta-band module act for the account'),
    asCall(parsed.chainId, validator, 'action', `grant ${grantId(parsed)} to ${parsed.sessionKey}`),
  ];
  if (gas === undefined) return Object.freeze(calls);
  const data = erc20.encodeFunctionData('approve', [parsed.paymaster, gas.atoms]) as Hex;
  const approve = { to: gas.token, data };
  return Object.freeze([...calls, asCall(parsed.chainId, approve, 'approve', 'let the paymaster be paid for gas')]);
}

/** What the owner's account does to end one grant, at once. */
export function revokeCalls(module: Address, policy: BandPolicy): readonly Call[] {
  const call = revokeCall(module, grantId(policy));
  return Object.freeze([asCall(policy.chainId, call, 'revoke', `end the grant to ${policy.sessionKey}`)]);
}

/** What the owner's account does on one chain to end all its grants there, at once. */
export function revokeAllCalls(chainId: number, module: Address): readonly Call[] {
  return Object.freeze([asCall(chainId, revokeAllCall(module), 'revoke', 'end all grants')]);
}

/** What the owner's account does to be rid of the module, and of every grant with it. */
export function removeModuleCalls(chainId: number, account: Address, module: Address): readonly Call[] {
  return Object.freeze(
    uninstallCalls(account, module).map((call) => asCall(chainId, call, 'revoke', 'remove the delta-band module')),
  );
}

export interface SessionTradeRequest {
  readonly module: Address;
  readonly policy: BandPolicy;
  /** Place in the policy's `markets`. */
  readonly market: number;
  readonly order: BandOrder;
  readonly attestation?: BandAttestation;
  readonly description: string;
}

/** The one call that a session key can have its account make. */
export function sessionTrade({ attestation, description, market, module, order, policy }: SessionTradeRequest): Call {
  return asCall(policy.chainId, rebalanceCall(module, policy, market, order, attestation), 'action', description);
}

function asCall(chainId: number, { data, to }: BandCall, purpose: Call['purpose'], description: string): Call {
  return Object.freeze({ chainId, to, data, valueWei: 0n, purpose, description });
}
