import { type Address, type Chain, type Hex, sameAddress } from '@evenkeel/core';
import { Signature } from 'ethers/crypto';
import { verifyAuthorization } from 'ethers/hash';
import { askSigner } from '../eoa/ask-signer.js';
import { SignerAlteredError } from '../eoa/errors.js';
import { DelegationInvalidError } from './errors.js';
import { checksummed } from '../checksummed.js';

const HEX = 'Give 20 bytes in hex.';

/** What an ethers `Wallet` can do and a browser wallet cannot: sign an EIP-7702 authorization. */
export interface DelegationSigner {
  readonly address: string;
  authorize(authorization: {
    readonly address: string;
    readonly chainId: bigint;
    readonly nonce: bigint;
  }): Promise<{ readonly signature: { readonly r: string; readonly s: string; readonly yParity: 0 | 1 } }>;
}

/** A signed EIP-7702 authorization: `authority` lets the code of `delegate` run as its own. Anybody may deliver it. */
export interface SignedDelegation {
  readonly authority: Address;
  /** The zero address takes a delegation back. */
  readonly delegate: Address;
  /** 0 is good on every chain. */
  readonly chainId: number;
  /** The authority's next transaction nonce at the moment of delivery. */
  readonly nonce: bigint;
  readonly yParity: 0 | 1;
  readonly r: Hex;
  readonly s: Hex;
}

export interface DelegationRequest {
  readonly delegate: Address;
  /** 0 for every chain at once; then the authority's nonce has to be the same on all of them. */
  readonly chainId: number;
  /**
   * The authority's next transaction nonce; one more when the authority itself sends the transaction that carries it,
   * for the transaction uses its own first.
   */
  readonly nonce: bigint;
}

/** Of an account's code, when it delegates: this and the delegate's address (EIP-7702). */
const PREFIX = '0xef0100';
const NOBODY: Address = '0x0000000000000000000000000000000000000000';

/**
 * Has an authorization signed and checks who signed what.
 *
 * @throws SIGNER_FAILED, SIGNER_ALTERED; INVALID_INPUT for what is no address
 *
 * @example
 * ```ts
 * const delegation = await signDelegation(wallet, { delegate: SIMPLE_7702_ACCOUNT, chainId: 1, nonce: 4n })
 * ```
 */
export async function signDelegation(signer: DelegationSigner, request: DelegationRequest): Promise<SignedDelegation> {
  const delegate = checksummed('delegate', request.delegate.toLowerCase(), HEX);
  const { chainId, nonce } = request;
  const wanted = { address: delegate, chainId: BigInt(chainId), nonce };
  const { signature } = await askSigner('authorization', () => signer.authorize(wanted));
  const signed: SignedDelegation = Object.freeze({
    authority: checksummed('signer.address', signer.address.toLowerCase(), HEX),
    delegate,
    chainId,
    nonce,
    yParity: signature.yParity,
    r: signature.r as Hex,
    s: signature.s as Hex,
  });
  if (recoverAuthority(signed) !== signed.authority) throw new SignerAlteredError('authorization');
  return signed;
}

/** The authorization that makes an account an ordinary one again. Sent like any other. */
export function signRevocation(
  signer: DelegationSigner,
  request: Omit<DelegationRequest, 'delegate'>,
): Promise<SignedDelegation> {
  return signDelegation(signer, { ...request, delegate: NOBODY });
}

/** Whose code an account runs by EIP-7702; undefined when it is an ordinary account or a contract. */
export async function delegateOf(chain: Chain, account: Address, signal?: AbortSignal): Promise<Address | undefined> {
  return delegateIn(await chain.code(account, signal));
}

export function delegateIn(code: Hex): Address | undefined {
  return code.length === 48 && code.toLowerCase().startsWith(PREFIX)
    ? checksummed('code', `0x${code.slice(PREFIX.length)}`.toLowerCase(), HEX)
    : undefined;
}

/** Refuses an authorization that its authority has not signed. @throws DELEGATION_INVALID */
export function assertDelegation(delegation: SignedDelegation): void {
  const signer = recoverAuthority(delegation);
  if (signer === undefined || !sameAddress(signer, delegation.authority)) {
    throw new DelegationInvalidError(delegation.authority, delegation.delegate);
  }
}

function recoverAuthority({ delegate, chainId, nonce, r, s, yParity }: SignedDelegation): Address | undefined {
  try {
    const signature = Signature.from({ r, s, yParity });
    return verifyAuthorization({ address: delegate, chainId, nonce }, signature) as Address;
  } catch {
    return undefined;
  }
}
