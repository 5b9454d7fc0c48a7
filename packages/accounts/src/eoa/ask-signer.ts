import { SignerFailedError, type SignedThing } from './errors.js';

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
