import { EvenkeelError } from '@evenkeel/intents';
import { Wallet } from 'ethers';
import type { PortfolioConfig } from '../config/complete.js';

/** No key, or one that is none, where something is to be signed. Code `SIGNER_KEY_MISSING`. Never repeats the value. */
export class SignerKeyMissingError extends EvenkeelError {
  constructor(variable: string, problem: string) {
    super('SIGNER_KEY_MISSING', `The environment variable ${variable} ${problem}.`, {
      field: 'privateKeyEnv',
      value: variable,
      hint: 'Set it to 0x and 64 hex digits. A dry run works with any key of the owner.',
    });
  }
}

/** The owner's key from the environment. @throws {SignerKeyMissingError} SIGNER_KEY_MISSING */
export function signerOf({ privateKeyEnv }: Pick<PortfolioConfig, 'privateKeyEnv'>): Wallet {
  const key = process.env[privateKeyEnv];
  if (key === undefined || key === '') throw new SignerKeyMissingError(privateKeyEnv, 'is not set');
  if (!/^0x[0-9a-fA-F]{64}$/.test(key)) throw new SignerKeyMissingError(privateKeyEnv, 'holds no private key');
  try {
    return new Wallet(key);
  } catch {
    // Beyond the order of the curve. The library's own error is left out: it is not to be trusted with the value.
    throw new SignerKeyMissingError(privateKeyEnv, 'holds no private key');
  }
}
