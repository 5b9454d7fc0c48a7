import { InvalidInputError } from '@evenkeel/intents';
import { type Address, type Call, type Chain, type Hex, sameAddress, type TypedData } from '@evenkeel/core';
import { Interface } from 'ethers/abi';
import { getBytes } from 'ethers/utils';
import { askSigner, signTypedData } from '../eoa/ask-signer.js';
import { delegateIn, type DelegationSigner, type SignedDelegation, signDelegation } from '../eip7702/delegation.js';
import { AccountDelegateForeignError, AccountNotDelegatedError } from '../eip7702/errors.js';
import { encodeBatch } from '../eip7702/batch.js';
import type { OperationGas } from './bundler.js';
import type { EntryPoint, EntryPointVersion } from './entry-point.js';
import { AccountNotDeployedError } from './errors.js';
import { type NonceKeyLayout, plainNonceKey } from './nonce.js';
import type { Deployment } from './user-operation.js';
import { checksummed } from '../checksummed.js';

/** Who signs operations: an ethers `Wallet`, a hardware wallet, a key service. It sends nothing. */
export interface OperationSigner {
  readonly address: string;
  signTypedData(
    domain: Record<string, unknown>,
    types: Record<string, { name: string; type: string }[]>,
    value: Record<string, unknown>,
  ): Promise<string>;
  /** Accounts of entry point 0.7 want the hash signed as a message (EIP-191). */
  signMessage?(message: Uint8Array): Promise<string>;
  /** For accounts that delegate by EIP-7702 in their first operation. */
  authorize?: DelegationSigner['authorize'];
}

/** What tells one contract account from another. Holds no key. */
export interface SmartAccountKind {
  readonly name: string;
  readonly entryPoints: readonly EntryPointVersion[];
  readonly nonceKey: NonceKeyLayout;
  /** The account's address on every chain. */
  addressOf(owner: Address): Address;
  /** Calldata that does all the calls or none; `0x` for none. */
  encodeCalls(calls: readonly Call[]): Hex;
  /** What brings an account into being whose code is `code`; undefined when it is there. */
  deployment(facts: DeploymentFacts): Promise<Deployment | undefined>;
  /** How the owner signs an operation. */
  signOperation(request: {
    readonly hash: Hex;
    readonly typedData: TypedData;
    readonly entryPoint: EntryPoint;
    readonly signer: OperationSigner;
  }): Promise<Hex>;
  /** Goes through validation as a signature by somebody else would: an estimate needs one that can be recovered. */
  readonly dummySignature: Hex;
  /** What its operations are known to need; then no bundler is asked for an estimate. Units of gas. */
  readonly gas?: OperationGas;
}

export interface DeploymentFacts {
  readonly chain: Chain;
  readonly account: Address;
  readonly code: Hex;
  readonly signer: OperationSigner;
  readonly signal?: AbortSignal | undefined;
}

export const DUMMY_SIGNATURE: Hex = `0x${'f'.repeat(31)}${'0'.repeat(33)}7${'a'.repeat(63)}1c`;

/**
 * The authorization by which an EOA delegates, for its first operation; undefined where it does so already.
 *
 * @param given one that was signed beforehand; absent: the signer is asked
 * @throws {AccountDelegateForeignError} where it delegates to somebody else
 * @throws {AccountNotDelegatedError} where none was given and the signer cannot sign one
 */
export async function delegationTo(
  delegate: Address,
  { account, chain, code, signal, signer }: DeploymentFacts,
  given?: SignedDelegation,
): Promise<Deployment | undefined> {
  const current = delegateIn(code);
  if (current !== undefined && sameAddress(current, delegate)) return undefined;
  if (current !== undefined) throw new AccountDelegateForeignError(account, chain.id, delegate, current);
  const delegation = given ?? (await askForDelegation());
  return Object.freeze({ kind: 'delegation', delegation, data: '0x' });

  async function askForDelegation(): Promise<SignedDelegation> {
    const { address, authorize } = signer;
    if (authorize === undefined) throw new AccountNotDelegatedError(account, chain.id, delegate);
    const nonce = BigInt(await chain.transactionCount(account, 'latest', signal));
    const able: DelegationSigner = { address, authorize: (request) => authorize.call(signer, request) };
    return signDelegation(able, { delegate, chainId: chain.id, nonce });
  }
}

const erc4337Batch = new Interface([
  'function execute(address dest, uint256 value, bytes func)',
  'function executeBatch(address[] dest, uint256[] value, bytes[] func)',
]);

/**
 * An EOA that delegates to a Simple7702Account (eth-infinitism, entry point 0.8): the account has the owner's own
 * address and funds. When it does not delegate yet, its first operation carries the authorization.
 *
 * @param delegate where Simple7702Account is deployed
 */
export function simple7702Kind(delegate: Address): SmartAccountKind {
  return Object.freeze<SmartAccountKind>({
    name: 'simple-7702',
    entryPoints: ['0.8'],
    nonceKey: plainNonceKey,
    addressOf: (owner) => owner,
    encodeCalls: encodeBatch,
    deployment: (facts) => delegationTo(delegate, facts),
    signOperation: signTyped,
    dummySignature: DUMMY_SIGNATURE,
  });
}

export interface SimpleAccountOptions {
  readonly entryPoint: '0.7' | '0.8';
  /** The account's address: what the factory's `getAddress(owner, salt)` answers. */
  readonly address: Address;
  /** With it, the first operation deploys the account where it is not deployed yet. */
  readonly factory?: { readonly address: Address; readonly salt: bigint };
}

/** The SimpleAccount of eth-infinitism: a contract of its own with one owner. */
export function simpleAccountKind({ address, entryPoint, factory }: SimpleAccountOptions): SmartAccountKind {
  const own = checksummed('address', address, 'Ask the factory: getAddress(owner, salt).');
  return Object.freeze<SmartAccountKind>({
    name: `simple-account-${entryPoint}`,
    entryPoints: [entryPoint],
    nonceKey: plainNonceKey,
    addressOf: () => own,
    encodeCalls: entryPoint === '0.7' ? encodeBatchV07 : encodeBatch,
    deployment: async ({ account, chain, code, signer }) => {
      if (code !== '0x') return Promise.resolve(undefined);
      if (factory === undefined) throw new AccountNotDeployedError(account, chain.id);
      const data = simpleFactory.encodeFunctionData('createAccount', [signer.address, factory.salt]) as Hex;
      return Promise.resolve(Object.freeze({ kind: 'factory', factory: factory.address, data }));
    },
    signOperation: entryPoint === '0.7' ? signMessage : signTyped,
    dummySignature: DUMMY_SIGNATURE,
  });
}

const simpleFactory = new Interface(['function createAccount(address owner, uint256 salt) returns (address)']);

const signTyped: SmartAccountKind['signOperation'] = ({ signer, typedData }) => signTypedData(signer, typedData);

const signMessage: SmartAccountKind['signOperation'] = async ({ hash, signer }) => {
  if (signer.signMessage === undefined) {
    const hint = 'Use an ethers Wallet or the like, or an account of entry point 0.8.';
    throw new InvalidInputError('signer.signMessage', undefined, 'is missing', hint);
  }
  return (await askSigner('message', () => signer.signMessage!(getBytes(hash)))) as Hex;
};

function encodeBatchV07(calls: readonly Call[]): Hex {
  const [only, second] = calls;
  if (only === undefined) return '0x';
  if (second === undefined) {
    return erc4337Batch.encodeFunctionData('execute', [only.to.toLowerCase(), only.valueWei, only.data]) as Hex;
  }
  return erc4337Batch.encodeFunctionData('executeBatch', [
    calls.map(({ to }) => to.toLowerCase()),
    calls.map(({ valueWei }) => valueWei),
    calls.map(({ data }) => data),
  ]) as Hex;
}
