import { InvalidInputError } from '@evenkeel/intents';
import type { Account, Address, Chain, Hex } from '@evenkeel/core';
import { hashMessage } from 'ethers/hash';
import { recoverAddress } from 'ethers/transaction';
import { getBytes } from 'ethers/utils';
import { signTypedData } from '../eoa/ask-signer.js';
import { SignerAlteredError } from '../eoa/errors.js';
import type { Bundler } from './bundler.js';
import { type EntryPoint, entryPointAbi } from './entry-point.js';
import type { GasSafety } from './gas.js';
import { userOperationHash, userOperationTypedData } from './hash.js';
import type { OperationSigner, SmartAccountKind } from './kinds.js';
import { encodeOperation } from './operation-codec.js';
import type { Paymaster } from './paymaster.js';
import { prepareOperation } from './prepare.js';
import { simulateOperation } from './simulate.js';
import { userOperationSubmission } from './submission.js';
import type { UserOperation } from './user-operation.js';
import { checksummed } from '../checksummed.js';

/** One chain on which the account acts. */
export interface Erc4337Network {
  /** Our own node of it: what a bundler says is checked there. */
  readonly chain: Chain;
  readonly bundler: Bundler;
  readonly entryPoint: EntryPoint;
  /** Pays for every operation on this chain. Default: the account itself. */
  readonly paymaster?: Paymaster;
}

export interface Erc4337Options {
  readonly kind: SmartAccountKind;
  readonly signer: OperationSigner;
  readonly networks: readonly Erc4337Network[];
  /** What steps name it by. Default: its address. */
  readonly id?: string;
  readonly gas?: GasSafety;
  /** See `userOperationSubmission`. */
  readonly lookbackBlocks?: number;
}

/**
 * A contract account behind an ERC-4337 entry point: several calls in one operation, all or none, delivered by a bundler
 * and paid for by itself or by a paymaster.
 *
 * `sign` reads the account's state, has the gas estimated (with our own margins and upper bounds), asks the paymaster,
 * signs, and has the entry point run the signed operation on our own node. What it answers can be delivered by any
 * bundler, any number of times, and is included once.
 *
 * Its native coin is what it holds *and* its deposit at the entry point: what an operation does not use stays there.
 *
 * @throws INVALID_INPUT when kind, bundlers and entry points do not fit together. `sign` throws ACCOUNT_NOT_DEPLOYED,
 * ACCOUNT_ENTRY_POINT_MISMATCH, ACCOUNT_DELEGATE_FOREIGN, ACCOUNT_NOT_DELEGATED, ENTRY_POINT_MISSING, OPERATION_*,
 * PAYMASTER_*, RELAY_*, SIGNER_* and RPC_* errors; nothing has been sent then.
 *
 * @example
 * ```ts
 * const account = erc4337Account({
 *   kind: simple7702Kind(delegate), signer: wallet,
 *   networks: [{ chain, bundler: bundlerClient({ chainId: chain.id, urls }), entryPoint: entryPoint('0.8') }],
 * })
 * await executeProgramme({ accounts: [account], ...rest })
 * ```
 */
export function erc4337Account(options: Erc4337Options): Account {
  const { kind, networks, signer } = options;
  const owner = checksummed('signer.address', signer.address);
  const self = kind.addressOf(owner);
  networks.forEach((network, index) => assertFits(network, index, kind));
  const networkOf = (chainId: number): Erc4337Network => {
    const network = networks.find(({ chain }) => chain.id === chainId);
    if (network !== undefined) return network;
    throw new InvalidInputError('chainId', chainId, 'is a chain without bundler', 'Add it to networks.');
  };
  const sponsored = networks.length > 0 && networks.every(({ paymaster }) => paymaster !== undefined);
  const { lookbackBlocks } = options;
  return Object.freeze<Account>({
    id: options.id ?? self,
    kind: 'erc4337',
    owner,
    capabilities: Object.freeze({ batched: true, atomicBatch: true, sponsored }),
    nonceLayout: Object.freeze({ kind: 'keyed', keyBits: kind.nonceKey.laneBits, sequenceBits: 64 }),
    submission: userOperationSubmission({
      routeOf: networkOf,
      nonceKey: kind.nonceKey,
      ...(lookbackBlocks !== undefined && { lookbackBlocks }),
    }),
    addressOn: () => self,
    gasFundsWei: (chain, signal) => gasFunds(networkOf(chain.id), self, signal),
    signTypedData: async (data, signal) => {
      signal?.throwIfAborted();
      return signTypedData(signer, data);
    },
    sign: async (request, signal) => {
      signal?.throwIfAborted();
      const network = networkOf(request.chainId);
      const operation = await prepareOperation(options, network, self, request, signal);
      const hash = userOperationHash(operation, network.entryPoint, request.chainId);
      const signed: UserOperation = Object.freeze({
        ...operation,
        signature: await signedBy(options, network, owner, operation, hash),
      });
      await simulateOperation(network.chain, network.entryPoint, signed, hash, signal);
      const { entryPoint } = network;
      return Object.freeze({ raw: encodeOperation({ chainId: request.chainId, entryPoint, operation: signed }), hash });
    },
  });
}

async function signedBy(
  { kind, signer }: Erc4337Options,
  { chain, entryPoint }: Erc4337Network,
  owner: Address,
  operation: UserOperation,
  hash: Hex,
): Promise<Hex> {
  const typedData = userOperationTypedData(operation, entryPoint, chain.id);
  const signature = await kind.signOperation({ hash, typedData, entryPoint, signer });
  if (!/^0x(?:[0-9a-fA-F]{2})+$/.test(signature)) throw new SignerAlteredError('signature');
  // A plain signature of 65 bytes can be checked here; what validators wrap around theirs, the simulation checks.
  if (signature.length === 132 && !isBy(owner, hash, signature)) throw new SignerAlteredError('signature');
  return signature;
}

function isBy(owner: Address, hash: Hex, signature: Hex): boolean {
  try {
    return [hash, hashMessage(getBytes(hash))].some((digest) => recoverAddress(digest, signature) === owner);
  } catch {
    return false;
  }
}

async function gasFunds(
  { chain, entryPoint, paymaster }: Erc4337Network,
  self: Address,
  signal?: AbortSignal,
): Promise<bigint | 'sponsored'> {
  if (paymaster !== undefined) return 'sponsored';
  const data = entryPointAbi.encodeFunctionData('balanceOf', [self]) as Hex;
  const [balance, { results }] = await Promise.all([
    chain.balanceWei(self, signal),
    chain.read([{ to: entryPoint.address, data }], signal),
  ]);
  const [deposit] = results;
  return balance + (deposit?.success === true && deposit.data.length === 66 ? BigInt(deposit.data) : 0n);
}

function assertFits({ bundler, chain, entryPoint }: Erc4337Network, index: number, kind: SmartAccountKind): void {
  if (bundler.chainId !== chain.id) {
    const hint = `Give a bundler of chain ${chain.id}.`;
    throw new InvalidInputError(`networks.${index}.bundler`, bundler.chainId, 'is for another chain', hint);
  }
  if (!kind.entryPoints.includes(entryPoint.version)) {
    const hint = `Accounts of kind ${kind.name} obey ${kind.entryPoints.join(', ')}.`;
    throw new InvalidInputError(`networks.${index}.entryPoint`, entryPoint.version, 'does not fit the account', hint);
  }
}
