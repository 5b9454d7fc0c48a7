import type { Hex, TypedData } from '@evenkeel/core';
import { SignerAlteredError, SignerFailedError, type SignedThing } from './errors.js';
import type { EoaSigner } from './signer.js';

/** A signer's error may quote what it was called with, or its key: only its code travels on. @throws SIGNER_FAILED */
export async function askSigner<T>(what: SignedThing, sign: () => Promise<T>): Promise<T> {
  try {
    return await sign();
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
    const isSafe = typeof code === 'number' || (typeof code === 'string' && /^[A-Z_]{3,40}$/.test(code));
    throw new SignerFailedError(what, isSafe ? String(code) : undefined);
  }
}

/** @throws SIGNER_FAILED, SIGNER_ALTERED for what is no signature */
export async function signTypedData(
  signer: Pick<EoaSigner, 'signTypedData'>,
  { domain, message, types }: TypedData,
): Promise<Hex> {
  const mutable = Object.fromEntries(
    Object.entries(types).map(([name, fields]) => [name, fields.map((field) => ({ ...field }))]),
  );
  const signature = await askSigner('typed data', () => signer.signTypedData({ ...domain }, mutable, { ...message }));
  if (!/^0x(?:[0-9a-fA-F]{2})+$/.test(signature)) throw new SignerAlteredError('signature');
  return signature as Hex;
}
