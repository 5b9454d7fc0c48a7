import { InvalidInputError } from '@evenkeel/intents';
import type { Account, Address, Chain, Hex, OperationRequest } from '@evenkeel/core';
import { verifyTypedData } from 'ethers/hash';
import { concat } from 'ethers/utils';
import { signTypedData } from '../eoa/ask-signer.js';
import { SignerAlteredError } from '../eoa/errors.js';
import type { EoaSigner } from '../eoa/signer.js';
import { checksummed } from '../checksummed.js';
import { AccountSafeThresholdError, AccountSafeUnknownError } from './errors.js';
import { encodeSafeOperation } from './operation-codec.js';
import { safeSubmission, type SafeSubmissionOptions } from './submission.js';
import { safeAbi, safeTransaction, safeTransactionHash, safeTypedData } from './transaction.js';

/** An owner of a Safe: an ethers `Wallet`, a hardware wallet, a key service. */
export type SafeOwner = Pick<EoaSigner, 'address' | 'signTypedData'>;

export interface SafeOptions extends Pick<SafeSubmissionOptions, 'relayer' | 'lookbackBlocks'> {
  /** The Safe, of version 1.4.1, at the same address on all chains. */
  readonly address: Address;
  /** Owners that sign: as many as the threshold are asked, in the order of their addresses. The first given signs intents. */
  readonly owners: readonly SafeOwner[];
  readonly chains: readonly Chain[];
  /** `MultiSendCallOnly` 1.4.1. Default: where it is on public chains. */
  readonly multiSend?: Address;
  /** What steps name it by. Default: its address. */
  readonly id?: string;
}

const MULTI_SEND_CALL_ONLY: Address = '0x9641d764fc13c8B624c04430C7356C1C7C8102e2';

/**
 * A Safe 1.4.1: its owners sign (EIP-712), a relayer delivers and pays for gas, several calls happen in one transaction, all or
 * none. One counter of nonces.
 *
 * The relayer is trusted with nothing but delivery: what it sends is what the owners have signed, and the Safe's nonce lets it
 * happen once. No Safe service is asked.
 *
 * @throws INVALID_INPUT when addresses are none, or no owner is given. `sign` throws ACCOUNT_SAFE_UNKNOWN,
 * ACCOUNT_SAFE_THRESHOLD, SIGNER_FAILED, SIGNER_ALTERED and RPC_* errors; `submission.send` SAFE_OPERATION_MALFORMED and
 * SAFE_OPERATION_REFUSED, and nothing has been sent then.
 *
 * @example
 * ```ts
 * const account = safeAccount({ address: safe, owners: [alice, bob], relayer, chains: [chain] })
 * await executeProgramme({ accounts: [account], ...rest })
 * ```
 */
export function safeAccount(options: SafeOptions): Account {
  const self = checksummed('address', options.address, 'Give the address of the Safe.');
  const multiSend = checksummed('multiSend', options.multiSend ?? MULTI_SEND_CALL_ONLY);
  const [first] = options.owners;
  if (first === undefined) throw new InvalidInputError('owners', [], 'is empty', 'Give owners that sign.');
  const { chains, lookbackBlocks, owners, relayer } = options;
  return Object.freeze<Account>({
    id: options.id ?? self,
    kind: 'safe',
    owner: checksummed('owners.0.address', first.address),
    capabilities: Object.freeze({ batched: true, atomicBatch: true, sponsored: true }),
    nonceLayout: Object.freeze({ kind: 'sequential' }),
    submission: safeSubmission({ safe: self, relayer, ...(lookbackBlocks !== undefined && { lookbackBlocks }) }),
    addressOn: () => self,
    gasFundsWei: () => Promise.resolve('sponsored'),
    signTypedData: async (data, signal) => {
      signal?.throwIfAborted();
      return signTypedData(first, data);
    },
    sign: async (request, signal) => {
      signal?.throwIfAborted();
      const chain = chainOf(chains, request);
      const signing = await signingOwners(chain, self, owners, signal);
      const { chainId, gasLimit, nonce } = request;
      const transaction = safeTransaction(self, multiSend, request.calls, { nonce, safeTxGas: gasLimit });
      const typedData = safeTypedData(chainId, self, transaction);
      const signatures: Hex[] = [];
      // One after another: a person may be asked.
      for (const owner of signing) {
        const signature = await signTypedData(owner, typedData);
        if (signerOf(typedData, signature) !== checksummed('owners', owner.address)) {
          throw new SignerAlteredError('signature');
        }
        signatures.push(signature);
      }
      const { maxFeePerGasWei, maxPriorityFeePerGasWei } = request;
      const fees = { maxFeePerGasWei, maxPriorityFeePerGasWei };
      const joined = concat(signatures) as Hex;
      return Object.freeze({
        raw: encodeSafeOperation({ chainId, safe: self, transaction, signatures: joined, ...fees }),
        hash: safeTransactionHash(chainId, self, transaction),
      });
    },
  });
}

function chainOf(chains: readonly Chain[], { chainId, nonceKey }: OperationRequest): Chain {
  if (nonceKey !== 0n)
    throw new InvalidInputError('nonceKey', nonceKey, 'is not 0', 'A Safe has one counter of nonces.');
  const chain = chains.find(({ id }) => id === chainId);
  if (chain !== undefined) return chain;
  throw new InvalidInputError('chainId', chainId, 'is a chain that is not given', 'Add it to chains.');
}

/** As many as the Safe wants on this chain, sorted as it wants them. */
async function signingOwners(
  chain: Chain,
  safe: Address,
  signers: readonly SafeOwner[],
  signal?: AbortSignal,
): Promise<readonly SafeOwner[]> {
  const ask = (name: string) => ({ to: safe, data: safeAbi.encodeFunctionData(name) as Hex });
  const { results } = await chain.read(['VERSION', 'getThreshold', 'getOwners'].map(ask), signal);
  const answer = (at: number, name: string): unknown => {
    try {
      return safeAbi.decodeFunctionResult(name, results[at]!.data)[0];
    } catch {
      return undefined;
    }
  };
  const version = answer(0, 'VERSION') as string | undefined;
  if (version !== '1.4.1') throw new AccountSafeUnknownError(safe, chain.id, version);
  const [threshold, owners] = [Number(answer(1, 'getThreshold')), new Set(answer(2, 'getOwners') as string[])];
  const able = signers
    .filter(({ address }) => owners.has(checksummed('owners', address)))
    .sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1));
  if (able.length >= threshold) return able.slice(0, threshold);
  throw new AccountSafeThresholdError(
    safe,
    chain.id,
    threshold,
    able.map(({ address }) => address as Address),
  );
}

function signerOf(data: Parameters<typeof signTypedData>[1], signature: Hex): string | undefined {
  const types = Object.fromEntries(Object.entries(data.types).map(([name, fields]) => [name, [...fields]]));
  try {
    return verifyTypedData(data.domain, types, data.message, signature);
  } catch {
    return undefined;
  }
}
