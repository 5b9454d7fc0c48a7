import type { Address } from '@evenkeel/core';
import type { Paymaster } from '../erc4337/paymaster.js';
import { checksummed } from '../checksummed.js';

export interface TokenPaymasterOptions {
  readonly address: Address;
  /** Default: 100,000. */
  readonly verificationGas?: bigint;
  /** Default: 40,000: above that, entry points bill what is not used of it. */
  readonly postOpGas?: bigint;
}

/** A paymaster contract that is paid in a token by the account itself, and needs no service and no data. */
export function tokenPaymaster({ address, postOpGas, verificationGas }: TokenPaymasterOptions): Paymaster {
  const stub = Object.freeze({
    address: checksummed('address', address, 'Give the address of the paymaster.'),
    verificationGasLimit: verificationGas ?? 100_000n,
    postOpGasLimit: postOpGas ?? 40_000n,
    data: '0x' as const,
    isFinal: true,
  });
  return Object.freeze<Paymaster>({
    stub: () => Promise.resolve(stub),
    data: () => Promise.resolve(stub),
  });
}
