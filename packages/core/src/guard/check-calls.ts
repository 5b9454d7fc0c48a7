import type { Call } from '../model/call.js';
import type { CallStep } from '../model/programme.js';
import { type Address, sameAddress } from '../model/token.js';
import {
  GuardApprovalExcessiveError,
  GuardApprovalUnlimitedError,
  GuardCallMalformedError,
  GuardRecipientForeignError,
  GuardSpenderForeignError,
  GuardTargetForeignError,
  GuardTokenCallForeignError,
  GuardWrongChainError,
} from './errors.js';
import { decodeTokenCall } from './token-calls.js';

/** The part of a step that the guard looks at. */
export type GuardStep = Pick<CallStep, 'id' | 'calls' | 'spends' | 'receives' | 'nativeFeeWei'>;

/** Who may be called, and who may be allowed to spend. */
export interface AllowList {
  readonly chainId: number;
  readonly account: Address;
  readonly recipient: Address;
  /** Contracts of the adapters in play. */
  readonly targets: readonly Address[];
  /** Contracts of the tokens in play. */
  readonly tokens: readonly Address[];
  readonly permit2: Address;
}

/** A pair whose allowance has to be back where it was when the sequence is over. */
export interface AllowancePair {
  readonly via: 'token' | 'permit2';
  readonly token: Address;
  readonly spender: Address;
}

/** Anything from here on means "for ever" to tokens that treat it specially. */
const UNLIMITED = 1n << 255n;
const PERMIT2_UNLIMITED = (1n << 160n) - 1n;

/**
 * What calldata alone can tell: chain, target, and every approval decoded: spender on the allow-list, never unlimited,
 * in sum not more than the steps are planned to spend. Pure.
 *
 * @returns the allowances that the calls touch, each once.
 * @throws one of the GUARD_* errors that its body names.
 */
export function checkCalls(steps: readonly GuardStep[], allow: AllowList): readonly AllowancePair[] {
  const pairs = new Map<string, AllowancePair & { approved: bigint }>();
  const planned = (token: Address): bigint =>
    steps
      .flatMap((step) => step.spends)
      .filter((spend) => sameAddress(spend.token.address, token))
      .reduce((sum, spend) => sum + spend.atoms, 0n);
  const isIn = (list: readonly Address[], address: Address): boolean => list.some((each) => sameAddress(each, address));

  const approve = (stepId: string, index: number, call: Call, pair: AllowancePair, atoms: bigint): void => {
    const key = `${pair.via}/${pair.token}/${pair.spender}`.toLowerCase();
    const approved = (pairs.get(key)?.approved ?? 0n) + atoms;
    pairs.set(key, { ...pair, approved });
    // Taking an allowance away is safe whoever has it.
    if (atoms === 0n) return;
    const known =
      isIn(allow.targets, pair.spender) || (pair.via === 'token' && sameAddress(pair.spender, allow.permit2));
    if (!known) throw new GuardSpenderForeignError(stepId, index, call, pair.spender);
    const limit = pair.via === 'permit2' ? PERMIT2_UNLIMITED : UNLIMITED;
    if (atoms >= limit) throw new GuardApprovalUnlimitedError(stepId, index, call);
    if (approved > planned(pair.token)) {
      throw new GuardApprovalExcessiveError(stepId, index, call, approved, planned(pair.token));
    }
  };

  for (const { id, calls } of steps) {
    for (const [index, call] of calls.entries()) {
      if (call.chainId !== allow.chainId) throw new GuardWrongChainError(id, index, call, allow.chainId);
      const isToken = isIn(allow.tokens, call.to);
      const isPermit2 = sameAddress(call.to, allow.permit2);
      const isTarget = isIn(allow.targets, call.to) && !isPermit2;
      if (!isToken && !isPermit2 && !isTarget) throw new GuardTargetForeignError(id, index, call);

      const decoded = decodeTokenCall(call.data);
      switch (decoded.kind) {
        case 'malformed':
          throw new GuardCallMalformedError(id, index, call);
        case 'approve':
        case 'increase-allowance':
          // Permit2 has no such function, and on a venue it would be an approval of the venue's own token.
          if (isPermit2) throw new GuardTokenCallForeignError(id, index, call);
          approve(id, index, call, { via: 'token', token: call.to, spender: decoded.spender }, decoded.atoms);
          break;
        case 'decrease-allowance':
          approve(id, index, call, { via: 'token', token: call.to, spender: decoded.spender }, 0n);
          break;
        case 'permit2-approve':
          if (!isPermit2) throw new GuardTokenCallForeignError(id, index, call);
          approve(id, index, call, { via: 'permit2', token: decoded.token, spender: decoded.spender }, decoded.atoms);
          break;
        case 'permit2-lockdown':
          break;
        case 'set-approval-for-all':
          throw new GuardSpenderForeignError(id, index, call, decoded.operator);
        case 'transfer':
        case 'transfer-from': {
          if (isPermit2) throw new GuardTokenCallForeignError(id, index, call);
          const ours = [allow.account, allow.recipient, ...allow.targets];
          if (!isIn(ours, decoded.recipient)) throw new GuardRecipientForeignError(id, index, call, decoded.recipient);
          break;
        }
        case 'other':
          if (!isTarget) throw new GuardTokenCallForeignError(id, index, call);
          break;
      }
    }
  }
  return [...pairs.values()].map(({ via, token, spender }) => Object.freeze({ via, token, spender }));
}
