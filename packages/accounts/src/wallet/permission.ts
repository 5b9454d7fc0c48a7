import type { Address } from '@evenkeel/core';
import { type BandPolicy, encodePolicy, grantId } from '@evenkeel/contracts';
import { toQuantity } from '../rpc/schemas.js';

/** One entry of the parameter of `wallet_requestExecutionPermissions` (ERC-7715, draft). */
export interface PermissionRequest {
  readonly chainId: string;
  readonly from: Address;
  /** The session account. */
  readonly to: Address;
  readonly permission: {
    readonly type: 'evenkeel-delta-band';
    /** The bound is a number that the owner signs: a wallet may not alter it. */
    readonly isAdjustmentAllowed: false;
    readonly data: Readonly<Record<string, unknown>>;
  };
  readonly rules: readonly { readonly type: 'expiry'; readonly data: { readonly timestamp: number } }[];
}

/** A grant as a permission request. A wallet that does not know the type refuses it: use calls or an operation there. */
export function permissionRequest(from: Address, policy: BandPolicy): PermissionRequest {
  return Object.freeze({
    chainId: toQuantity(policy.chainId),
    from,
    to: policy.sessionKey,
    permission: Object.freeze({
      type: 'evenkeel-delta-band',
      isAdjustmentAllowed: false,
      data: Object.freeze({ grantId: grantId(policy), policy: encodePolicy(policy), justification: 'Rebalancing' }),
    }),
    rules: Object.freeze([Object.freeze({ type: 'expiry', data: Object.freeze({ timestamp: policy.expiry }) })]),
  });
}
