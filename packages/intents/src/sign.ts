import { InvalidInputError } from './errors.js';
import { IntentSigningError } from './intent-errors.js';
import { address, check } from './input.js';
import { deepFreeze } from './freeze.js';
import type { Hex, RebalanceIntent, SignedIntent } from './intent.js';
import { parseIntent } from './schema.js';
import { hashIntent, INTENT_DOMAIN, INTENT_TYPES, intentMessage, mutableTypes } from './typed-data.js';
import type { TypedDataField, TypedDataTypes } from './typed-data.js';

/**
 * Who signs. An ethers `Wallet` or `JsonRpcSigner` fits as it is. For a contract account, `address` is the account and
 * `signTypedData` gives whatever its `isValidSignature` accepts.
 */
export interface TypedDataSigner {
  readonly address: string;
  signTypedData(
    domain: Readonly<Record<string, unknown>>,
    types: Record<string, TypedDataField[]>,
    value: Readonly<Record<string, unknown>>,
  ): Promise<string>;
}

/**
 * Signs an intent as EIP-712 typed data.
 *
 * @throws {InvalidInputError} when the intent breaks its schema, or the signer is not the intent's own.
 * @throws {IntentSigningError} when the signer refuses or gives something that is no signature. Whatever the signer
 * threw is left out of the error: it may hold a secret.
 * @example
 * ```ts
 * const signed = await signIntent(intent, new Wallet(key));
 * ```
 */
export async function signIntent(intent: RebalanceIntent, signer: TypedDataSigner): Promise<SignedIntent> {
  const checked = parseIntent(intent);
  if (check(address, signer.address, 'signer.address') !== checked.signer) {
    throw new InvalidInputError(
      'signer.address',
      signer.address,
      `is not the intent's signer ${checked.signer}`,
      'Sign with the account that the intent names.',
    );
  }
  const signature = await signTypedData(signer, INTENT_DOMAIN, INTENT_TYPES, intentMessage(checked));
  return deepFreeze({ intent: checked, id: hashIntent(checked), signature });
}

/**
 * Asks a signer for a signature, and keeps what it throws from travelling further.
 *
 * @throws {IntentSigningError} when the signer refuses or gives something that is no signature.
 */
export async function signTypedData(
  signer: TypedDataSigner,
  domain: Readonly<Record<string, unknown>>,
  types: TypedDataTypes,
  value: Readonly<Record<string, unknown>>,
): Promise<Hex> {
  let signature: unknown;
  try {
    signature = await signer.signTypedData(domain, mutableTypes(types), value);
  } catch (error) {
    throw new IntentSigningError('the signer refused', safeCode(error));
  }
  if (typeof signature !== 'string' || !/^0x(?:[0-9a-fA-F]{2})+$/.test(signature)) {
    throw new IntentSigningError('the signer gave something that is not a signature', undefined);
  }
  return signature.toLowerCase() as Hex;
}

/** A wallet's error code where it cannot be anything but one: `ACTION_REJECTED`, 4001. */
function safeCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  const { code } = error;
  if (typeof code === 'number' && Number.isSafeInteger(code) && Math.abs(code) < 100_000) return String(code);
  return typeof code === 'string' && /^[A-Z]+(?:_[A-Z]+){0,5}$/.test(code) && code.length <= 40 ? code : undefined;
}
