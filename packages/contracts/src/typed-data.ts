import { TypedDataEncoder } from 'ethers/hash';
import type { Address, BandAttestation, Hex } from './types.js';

/** EIP-712 data as `signTypedData` of a wallet takes it. */
export interface BandTypedData {
  readonly domain: Readonly<Record<string, string | number>>;
  readonly types: Readonly<Record<string, { name: string; type: string }[]>>;
  readonly message: Readonly<Record<string, unknown>>;
}

const fields = (text: string): { name: string; type: string }[] =>
  text.split(', ').map((field) => {
    const [type, name] = field.split(' ') as [string, string];
    return { name, type };
  });

/** What the policy key signs to move an interval. */
export function attestationTypedData(request: {
  readonly chainId: number;
  readonly module: Address;
  readonly account: Address;
  readonly grantId: Hex;
  readonly base: Address;
  readonly attestation: Omit<BandAttestation, 'signature'>;
}): BandTypedData {
  const { account, attestation, base, chainId, grantId, module } = request;
  const { high, low, sequence, validUntil } = attestation;
  return {
    domain: { name: 'Evenkeel delta band', version: '1', chainId, verifyingContract: module },
    types: {
      Attestation: fields(
        'address account, bytes32 grantId, address base, uint96 low, uint96 high, uint32 sequence, uint32 validUntil',
      ),
    },
    message: { account, grantId, base, low, high, sequence, validUntil },
  };
}

/** Neither chain nor contract: the signature is good on all. */
const EVERYWHERE = { name: 'Evenkeel delta band', version: '1' } as const;

/** What an owner signs to end one grant, wherever it was made. */
export function revocationTypedData(account: Address, grantId: Hex): BandTypedData {
  return {
    domain: EVERYWHERE,
    types: { Revocation: fields('address account, bytes32 grantId') },
    message: { account, grantId },
  };
}

/** What an owner signs to end all grants on all chains that started at `issuedUntil` (Unix seconds) or before. */
export function revocationOfAllTypedData(account: Address, issuedUntil: number): BandTypedData {
  return {
    domain: EVERYWHERE,
    types: { RevocationOfAll: fields('address account, uint48 issuedUntil') },
    message: { account, issuedUntil },
  };
}

/** What the owner of a `BandAccount` signs to authorize one operation on each of several chains. */
export function operationsTypedData(root: Hex): BandTypedData {
  return {
    domain: { name: 'Evenkeel operations', version: '1' },
    types: { Operations: fields('bytes32 root') },
    message: { root },
  };
}

export function typedDataHash({ domain, message, types }: BandTypedData): Hex {
  return TypedDataEncoder.hash({ ...domain }, { ...types }, { ...message }) as Hex;
}
