import { InvalidInputError } from '@evenkeel/intents';
import { type Account, type Address, type Hex, type Random } from '@evenkeel/core';
import { AccountCannotBatchError } from '@evenkeel/core/execution';
import { TypedDataEncoder } from 'ethers/hash';
import { hexlify } from 'ethers/utils';
import { hexSchema } from '../rpc/schemas.js';
import type { WalletCapabilities } from './capabilities.js';
import { askWallet, type Eip1193Provider } from './provider.js';
import { encodeRequest, sendCallsRequest } from './request.js';
import { assertOnChain, walletSubmission } from './submission.js';
import { checksummed } from '../checksummed.js';

const FROM_WALLET = 'Take it from eth_requestAccounts.';

export interface Eip5792Options {
  /** The wallet's account. */
  readonly address: Address;
  /** Whose intents it obeys. Default: the account itself. */
  readonly owner?: Address;
  /** By chain id. */
  readonly providers: Readonly<Record<number, Eip1193Provider>>;
  /** What `walletCapabilities` says, the least of all chains. */
  readonly capabilities: WalletCapabilities;
  /** Names requests: unpredictable, for a name is used once. */
  readonly random: Pick<Random, 'bytes'>;
  /** A paymaster service (ERC-7677) that the wallet is to use, where it can. */
  readonly paymasterUrl?: string;
  /** What steps name it by. Default: its address. */
  readonly id?: string;
}

const ID_BYTES = 32;

/**
 * An account in somebody's wallet, which keeps the key, the nonces and the fees: each step is one `wallet_sendCalls`
 * (EIP-5792) that its user confirms. Several calls are asked for as all or none; without atomic batches, a step has one.
 *
 * Neither nonce nor fee of a request count, and what was asked cannot be taken back: a programme that is cancelled waits
 * for what the wallet knows, and gives up what it does not know. The wallet has to honour our ids (version 2.0.0).
 *
 * @throws INVALID_INPUT. `sign` throws ACCOUNT_CANNOT_BATCH and WALLET_WRONG_CHAIN; delivery throws ACCOUNT_WALLET_*,
 * WALLET_* and ABORTED.
 *
 * @example
 * ```ts
 * const account = eip5792Account({
 *   address, providers: { 1: window.ethereum }, random,
 *   capabilities: await walletCapabilities(window.ethereum, address, 1),
 * })
 * ```
 */
export function eip5792Account(options: Eip5792Options): Account {
  const self = checksummed('address', options.address, FROM_WALLET);
  const { capabilities, paymasterUrl, providers } = options;
  const providerOf = (chainId: number): Eip1193Provider => {
    const provider = providers[chainId];
    if (provider !== undefined) return provider;
    throw new InvalidInputError('chainId', chainId, 'is a chain without provider', 'Add it to providers.');
  };
  const isAtomic = capabilities.atomic !== 'unsupported';
  const sponsored = paymasterUrl !== undefined && capabilities.paymasterService;
  return Object.freeze<Account>({
    id: options.id ?? self,
    kind: 'eip5792',
    owner: options.owner === undefined ? self : checksummed('owner', options.owner, FROM_WALLET),
    capabilities: Object.freeze({ batched: isAtomic, atomicBatch: isAtomic, sponsored, irrevocable: true }),
    nonceLayout: Object.freeze({ kind: 'sequential' }),
    submission: walletSubmission(self, providerOf),
    addressOn: () => self,
    ...(sponsored && { gasFundsWei: () => Promise.resolve('sponsored' as const) }),
    signTypedData: async ({ domain, message, types }, signal) => {
      const [provider] = Object.values(providers);
      if (provider === undefined) {
        throw new InvalidInputError('providers', providers, 'is empty', 'Give one for each chain.');
      }
      const mutable = Object.fromEntries(Object.entries(types).map(([name, fields]) => [name, [...fields]]));
      const payload = JSON.stringify(TypedDataEncoder.getPayload({ ...domain }, mutable, { ...message }));
      return askWallet(provider, 'eth_signTypedData_v4', [self, payload], hexSchema, signal);
    },
    sign: async ({ calls, chainId }, signal) => {
      signal?.throwIfAborted();
      if (calls.length === 0) {
        const hint = 'A request that was made is settled by the wallet alone.';
        throw new InvalidInputError('calls', calls, 'is empty: a wallet cancels nothing', hint);
      }
      if (calls.length > 1 && !isAtomic) throw new AccountCannotBatchError(self, calls.length);
      await assertOnChain(providerOf(chainId), chainId, signal);
      const id = hexlify(options.random.bytes(ID_BYTES)) as Hex;
      const service = sponsored ? { paymasterService: { url: paymasterUrl, optional: true } } : undefined;
      const request = sendCallsRequest({ id, chainId, from: self, calls, capabilities: service });
      return Object.freeze({ raw: encodeRequest(request), hash: id });
    },
  });
}
