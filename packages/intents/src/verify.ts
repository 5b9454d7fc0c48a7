import { AbiCoder } from 'ethers/abi';
import { recoverAddress } from 'ethers/transaction';
import { concat } from 'ethers/utils';
import { IntentExpiredError, IntentSignatureInvalidError, IntentSignatureUnreadableError } from './intent-errors.js';
import { EvenkeelError } from './errors.js';
import { deepFreeze } from './freeze.js';
import type { SignatureProblem } from './intent-errors.js';
import type { Address, Hex, SignedIntent } from './intent.js';
import { parseNowSeconds, parseSignedIntent } from './schema.js';
import { hashIntent } from './typed-data.js';

/**
 * Reads a contract: `eth_call` on the latest block. Resolves with the return data, `0x` where there is no code. A
 * revert may resolve with anything or reject with `CALL_EXCEPTION` (ethers) or code 3 (JSON-RPC nodes); every other
 * rejection means that the chain could not be read.
 */
export type ContractRead = (chainId: number, to: Address, data: Hex) => Promise<Hex>;

export interface VerifyIntentOptions {
  /** Unix time now. */
  readonly nowSeconds: number;
  /** Needed for contract accounts (ERC-1271). Without it only a key's signature can be valid. */
  readonly call?: ContractRead;
}

/** An intent whose signature was found to stand. */
export interface VerifiedIntent extends SignedIntent {
  /** Whether a key signed or a contract vouched. */
  readonly scheme: 'ecdsa' | 'erc-1271';
}

/** secp256k1 order / 2: a valid s is not above it (EIP-2). */
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

/** `isValidSignature(bytes32,bytes)`, which is also what it returns for yes (ERC-1271). */
const ERC1271_MAGIC = '0x1626ba7e';
const ERC1271_YES = `${ERC1271_MAGIC}${'00'.repeat(28)}`;

/**
 * Checks that an intent is what its signer signed, and that it is still in time (the deadline itself is in time).
 *
 * A key's signature is 65 bytes r ‖ s ‖ v with s in the lower half and v 27 or 28: of the several spellings that
 * recover to one key only this one counts, so that a signature cannot be altered by a third party. Any other signature
 * is put to the signer's contract on *every* chain where the intent may spend: being the owner's account on one chain
 * says nothing about who controls the same address on another.
 *
 * @throws {InvalidInputError} when it breaks its schema.
 * @throws {IntentExpiredError} when the deadline has passed.
 * @throws {IntentSignatureInvalidError} when anything was changed, or the signature is not the signer's.
 * @throws {IntentSignatureUnreadableError} retryable, when a contract account could not be asked.
 * @example
 * ```ts
 * const { intent } = await verifyIntent(signed, {
 *   nowSeconds: Math.floor(Date.now() / 1000),
 *   call: (chainId, to, data) => providers[chainId].call({ to, data }),
 * });
 * ```
 */
export async function verifyIntent(signed: SignedIntent, options: VerifyIntentOptions): Promise<VerifiedIntent> {
  const checked = parseSignedIntent(signed);
  const { intent, id } = checked;
  if (hashIntent(intent) !== id) throw new IntentSignatureInvalidError(id, intent.signer, 'id-mismatch');
  const nowSeconds = parseNowSeconds(options.nowSeconds);
  if (nowSeconds > intent.deadline) throw new IntentExpiredError(id, intent.deadline, nowSeconds);

  const problem = ecdsaProblem(checked);
  if (problem === undefined) return deepFreeze({ ...checked, scheme: 'ecdsa' });
  if (options.call === undefined) throw new IntentSignatureInvalidError(id, intent.signer, problem);
  await assertContractsAccept(checked, options.call);
  return deepFreeze({ ...checked, scheme: 'erc-1271' });
}

/** What keeps the signature from being the signer's own; nothing when it is. */
function ecdsaProblem({ intent, id, signature }: SignedIntent): SignatureProblem | undefined {
  if (!/^0x[0-9a-f]{128}1[bc]$/.test(signature)) return 'malformed';
  if (BigInt(`0x${signature.slice(66, 130)}`) > HALF_ORDER) return 'high-s';
  try {
    return recoverAddress(id, signature) === intent.signer ? undefined : 'wrong-signer';
  } catch {
    // r or s is zero or r is on no point of the curve: nobody's signature.
    return 'wrong-signer';
  }
}

type Verdict =
  { readonly verdict: 'yes' | 'no' } | { readonly verdict: 'unreadable'; readonly cause: EvenkeelError | undefined };

async function assertContractsAccept({ intent, id, signature }: SignedIntent, call: ContractRead): Promise<void> {
  const chainIds = [...new Set(intent.spending.map((limit) => limit.chainId))];
  const data = concat([ERC1271_MAGIC, AbiCoder.defaultAbiCoder().encode(['bytes32', 'bytes'], [id, signature])]) as Hex;
  const verdicts = await Promise.all(chainIds.map((chainId) => ask(call, chainId, intent.signer, data)));

  const refusing = chainIds.filter((_, index) => verdicts[index]?.verdict === 'no');
  if (refusing.length > 0) {
    throw new IntentSignatureInvalidError(id, intent.signer, 'refused-by-contract', { chainIds: refusing });
  }
  const unreadable = chainIds.filter((_, index) => verdicts[index]?.verdict === 'unreadable');
  const first = verdicts.find((each) => each.verdict === 'unreadable');
  if (first !== undefined) throw new IntentSignatureUnreadableError(id, intent.signer, unreadable, first.cause);
}

async function ask(call: ContractRead, chainId: number, account: Address, data: Hex): Promise<Verdict> {
  try {
    const answer: unknown = await call(chainId, account, data);
    if (typeof answer !== 'string' || !/^0x(?:[0-9a-fA-F]{2})*$/.test(answer)) {
      return { verdict: 'unreadable', cause: undefined };
    }
    return { verdict: answer.slice(0, 66).toLowerCase() === ERC1271_YES ? 'yes' : 'no' };
  } catch (cause) {
    if (isRevert(cause)) return { verdict: 'no' };
    // A foreign error may hold the node's URL, and that an API key: only our own travel on.
    return { verdict: 'unreadable', cause: cause instanceof EvenkeelError ? cause : undefined };
  }
}

/** Contracts may say no by reverting (Safe does): that is an answer. */
function isRevert(error: unknown): boolean {
  return (
    typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    (error.code === 'CALL_EXCEPTION' || error.code === 3)
  );
}
