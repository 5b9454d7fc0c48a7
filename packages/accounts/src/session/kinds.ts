import { type Address, type Call, type Hex, sameAddress } from '@evenkeel/core';
import { executeCalldata } from '@evenkeel/contracts';
import { signTypedData } from '../eoa/ask-signer.js';
import { checksummed } from '../checksummed.js';
import type { SignedDelegation } from '../eip7702/delegation.js';
import type { OperationGas } from '../erc4337/bundler.js';
import { AccountNotDeployedError } from '../erc4337/errors.js';
import { delegationTo, DUMMY_SIGNATURE, type SmartAccountKind } from '../erc4337/kinds.js';
import { validatorNonceKey } from '../erc4337/nonce.js';
import { SessionCallsRefusedError } from './errors.js';

const NO_MODULE: Address = `0x${'00'.repeat(20)}`;

export interface BandAccountOptions {
  /** What the delegate was deployed for. Default: 0.8. */
  readonly entryPoint?: '0.8' | '0.9';
  /** An authorization signed beforehand, good on several chains (`chainId` 0). Default: one is asked for. */
  readonly delegation?: SignedDelegation;
  /**
   * For the operation that installs this module: it counts nonces under the module's key, where the account's own signature
   * counts as long as the module is not installed. So the grant, which fills a nonce's storage in any case, fills that of the
   * session key, and the first trade costs 17,100 gas less. Once the module is installed, it validates under this key.
   */
  readonly installs?: Address;
}

/**
 * An EOA that delegates to Evenkeel's `BandAccount` (ERC-7579, entry point 0.8 or 0.9), as its owner uses it. When it does not
 * delegate yet, its first operation carries the authorization.
 *
 * @param delegate where `BandAccount` is deployed
 */
export function bandAccountKind(delegate: Address, options: BandAccountOptions = {}): SmartAccountKind {
  return Object.freeze<SmartAccountKind>({
    name: 'band-account',
    entryPoints: [options.entryPoint ?? '0.8'],
    // No installed validator in the key: the account's own signature counts.
    nonceKey: validatorNonceKey(options.installs ?? NO_MODULE),
    addressOf: (owner) => owner,
    encodeCalls: (calls) => (calls.length === 0 ? '0x' : executeCalldata(lowered(calls))),
    deployment: (facts) => delegationTo(delegate, facts, options.delegation),
    signOperation: ({ signer, typedData }) => signTypedData(signer, typedData),
    dummySignature: DUMMY_SIGNATURE,
  });
}

export interface SessionKindOptions {
  /** The account that granted the permission. */
  readonly account: Address;
  /** The `DeltaBandModule` of its chains. */
  readonly module: Address;
  /** Which entry point the account obeys. Default: 0.8. */
  readonly entryPoint?: '0.8' | '0.9';
}

/**
 * An account as its session key uses it: one call, `rebalance` of the module; the module validates. For accounts of ERC-7579
 * that take the validator from the upper 20 bytes of the nonce key (OpenZeppelin's AccountERC7579, Safe7579).
 *
 * @throws SESSION_CALLS_REFUSED, when it encodes calls, for anything else
 */
export function bandSessionKind({ account, entryPoint = '0.8', module }: SessionKindOptions): SmartAccountKind {
  const self = checksummed('account', account, 'Give the address of the account that granted.');
  const target = checksummed('module', module, 'Give the address of the DeltaBandModule.');
  return Object.freeze<SmartAccountKind>({
    name: 'band-session',
    entryPoints: [entryPoint],
    nonceKey: validatorNonceKey(target),
    addressOf: () => self,
    encodeCalls: (calls) => {
      const [only, second] = calls;
      if (only === undefined)
        throw new SessionCallsRefusedError('no call: an operation cannot be cancelled by another');
      if (second !== undefined) throw new SessionCallsRefusedError(`${calls.length} calls`);
      if (!sameAddress(only.to, target)) throw new SessionCallsRefusedError(`a call of ${only.to}`);
      if (only.valueWei !== 0n) throw new SessionCallsRefusedError('a call with value');
      return executeCalldata(lowered(calls));
    },
    deployment: ({ chain, code }) =>
      code === '0x' ? Promise.reject(new AccountNotDeployedError(self, chain.id)) : Promise.resolve(undefined),
    signOperation: ({ signer, typedData }) => signTypedData(signer, typedData),
    dummySignature: DUMMY_SIGNATURE,
    gas: SESSION_GAS,
  });
}

/**
 * All its operations are of one shape, so what they need is known; and an estimate, which bundlers make with limits of
 * millions, would be beyond any gas budget. Call gas comes from our own simulation.
 */
const SESSION_GAS: OperationGas = Object.freeze({
  preVerificationGas: 56_000n,
  verificationGasLimit: 64_000n,
  callGasLimit: 0n,
  paymasterVerificationGasLimit: 72_000n,
  paymasterPostOpGasLimit: 32_000n,
});

/** Lower case is right whatever checksum an adapter wrote or did not write. */
function lowered(calls: readonly Call[]): { to: Address; data: Hex; valueWei: bigint }[] {
  return calls.map(({ data, to, valueWei }) => ({ to: to.toLowerCase() as Address, data, valueWei }));
}
