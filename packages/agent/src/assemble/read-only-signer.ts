import type { EoaSigner } from '@evenkeel/accounts';
import { EvenkeelError } from '@evenkeel/intents';

/** Something was to be signed where only a look was asked for. Code `SIGNER_READ_ONLY`. */
class SignerReadOnlyError extends EvenkeelError {
  constructor() {
    super('SIGNER_READ_ONLY', 'This command only looks, and signs nothing.', { hint: 'Use `evenkeel hedge`.' });
  }
}

/** The owner without a key: for commands that look. */
export function readOnlySigner(address: string): EoaSigner {
  const refuse = (): Promise<string> => Promise.reject(new SignerReadOnlyError());
  return Object.freeze({ address, signTransaction: refuse, signTypedData: refuse });
}
