import { AbiCoder, id, keccak256 } from 'ethers';
import * as v from 'valibot';
import { InvalidInputError } from '@evenkeel/intents';
import { type Address, type Chain, type Hex, NATIVE_ADDRESS, sameAddress, type StateOverride } from '@evenkeel/core';
import { addressSchema, hashSchema } from '../json-rpc/schemas.js';
import { chainDescription } from './describe.js';

/** What should stand at an address. */
export interface Expectation {
  /** `permit2`, `token:USDC`. */
  readonly contract: string;
  readonly address: Address;
  /** keccak256 of the code; without it the code is recorded and not compared. */
  readonly codeHash?: Hex;
  /** Where an EIP-1967 proxy should lead, and the hash of the code there. */
  readonly implementation?: { readonly address: Address; readonly codeHash: Hex };
  /** `permit2`: the two immutables, chain id and domain separator, count as zero in the hash. */
  readonly immutables?: 'permit2';
}

/** What stands there. Plain JSON. */
export interface VerifiedContract {
  readonly contract: string;
  readonly address: Address;
  readonly codePresent: boolean;
  /** keccak256 of the code, its known immutables set to zero; `null` where there is none. */
  readonly codeHash: Hex | null;
  readonly expectedHash?: Hex;
  /** What the contract delegates to, when it is an EIP-1967 proxy. */
  readonly implementation?: { readonly address: Address; readonly codeHash: Hex | null };
  /** False where nothing was known to compare with: present, recorded, not proven. */
  readonly compared: boolean;
  readonly ok: boolean;
  /** Why it is not ok, and what to do. */
  readonly problem?: string;
}

/**
 * keccak256 of Multicall3's runtime code. It has no immutables and comes from one signed deployment transaction, so
 * that it is the same on every chain described here (github.com/mds1/multicall3).
 */
export const MULTICALL3_CODE_HASH: Hex = '0xd5c15df687b16f2ff992fc8d767b4216323184a2bbc6ee2f9c398c318e770891';

/**
 * keccak256 of Permit2's runtime code with its two immutables set to zero: `_CACHED_CHAIN_ID` and
 * `_CACHED_DOMAIN_SEPARATOR` (Permit2, EIP712.sol) make the code of each chain another one. The init code is pinned by
 * the address itself, which CREATE2 derives from it.
 */
export const PERMIT2_CODE_HASH: Hex = '0x463331fa7a0d5f07488e42c37b461bb56a822145c161a821fbafe7d4e916b546';

/**
 * All that our adapters would read or call on a described chain, its tokens included; with the hashes that are known
 * beforehand and those of `pins`, which win.
 *
 * @param pins what {@link pinsOf} made of an earlier verification that you trust
 * @throws UnknownChainError
 */
export function expectationsOf(chainId: number, pins: readonly Expectation[] = []): readonly Expectation[] {
  const { contracts, tokens } = chainDescription(chainId);
  const known: readonly Expectation[] = [
    ...Object.entries(contracts).map(([contract, address]) => ({ contract, address, ...knownHash(contract) })),
    ...tokens.map(({ symbol, address }) => ({ contract: `token:${symbol}`, address })),
  ];
  return Object.freeze(
    known.map((each) => {
      const pin = pins.find(
        ({ contract, address }) => contract === each.contract && sameAddress(address, each.address),
      );
      return Object.freeze({ ...each, ...pin });
    }),
  );
}

function knownHash(contract: string): Partial<Expectation> {
  if (contract === 'multicall3') return { codeHash: MULTICALL3_CODE_HASH };
  if (contract === 'permit2') return { codeHash: PERMIT2_CODE_HASH, immutables: 'permit2' };
  return {};
}

/**
 * Compares a chain with what should stand on it: presence of code, its hash, and for proxies where they lead. Nothing
 * is sent. The chain's node has proven its chain id before it answers anything here.
 *
 * A hash that is not known beforehand cannot be checked the first time: the row is `ok` and not `compared`. Keep
 * {@link pinsOf} of a run that you have satisfied yourself about, and later runs notice every change, upgrades of
 * proxies included.
 *
 * @throws what the chain throws when it cannot be read
 *
 * @example
 * ```ts
 * const rows = await verifyDeployment(chain, expectationsOf(chain.id))
 * for (const { contract, problem } of rows) if (problem) console.error(contract, problem)
 * ```
 */
export async function verifyDeployment(
  chain: Chain,
  expectations: readonly Expectation[],
  signal?: AbortSignal,
): Promise<readonly VerifiedContract[]> {
  const codes = await Promise.all(expectations.map(({ address }) => chain.code(address, signal)));
  const implementations = await readImplementations(chain, expectations, signal);
  const behind = await Promise.all(
    implementations.map((address) =>
      address === undefined ? Promise.resolve<Hex>('0x') : chain.code(address, signal),
    ),
  );
  return Object.freeze(
    expectations.map((expected, index) => {
      const implementation = implementations[index];
      const found: Found = {
        codeHash: hashOf(codes[index]!, chain.id, expected),
        ...(implementation && { implementation: { address: implementation, codeHash: hashOf(behind[index]!) } }),
      };
      return row(expected, found);
    }),
  );
}

interface Found {
  readonly codeHash: Hex | null;
  readonly implementation?: { readonly address: Address; readonly codeHash: Hex | null };
}

function row(expected: Expectation, found: Found): VerifiedContract {
  const problem = problemOf(expected, found);
  return Object.freeze({
    contract: expected.contract,
    address: expected.address,
    codePresent: found.codeHash !== null,
    codeHash: found.codeHash,
    ...(expected.codeHash === undefined ? {} : { expectedHash: expected.codeHash }),
    ...(found.implementation === undefined ? {} : { implementation: Object.freeze(found.implementation) }),
    compared: expected.codeHash !== undefined,
    ok: problem === undefined,
    ...(problem === undefined ? {} : { problem }),
  });
}

function problemOf(expected: Expectation, { codeHash, implementation }: Found): string | undefined {
  if (codeHash === null) return 'There is no code at this address. Check the chain and the address.';
  if (implementation?.codeHash === null) {
    return `It is a proxy that leads to ${implementation.address}, where there is no code. Do not use it.`;
  }
  if (expected.codeHash !== undefined && expected.codeHash.toLowerCase() !== codeHash) {
    return 'Another code stands here than is expected. Do not use it before you know why.';
  }
  const pinned = expected.implementation;
  if (pinned === undefined) return undefined;
  if (implementation !== undefined && sameAddress(pinned.address, implementation.address)) {
    if (pinned.codeHash.toLowerCase() === implementation.codeHash) return undefined;
    return `The code that it delegates to, at ${implementation.address}, has changed. Review it, then pin anew.`;
  }
  return `It was upgraded: it delegated to ${pinned.address}. Review what it does now, then pin anew.`;
}

/** Rows as expectations for the next time: store them as JSON. Rows that are not ok cannot be pinned. */
export function pinsOf(rows: readonly VerifiedContract[]): readonly Expectation[] {
  return rows.flatMap(({ contract, address, codeHash, implementation, ok }) => {
    if (!ok || codeHash === null) return [];
    const behind = implementation?.codeHash
      ? { address: implementation.address, codeHash: implementation.codeHash }
      : undefined;
    return [{ contract, address, codeHash, ...(behind && { implementation: behind }) }];
  });
}

const pinSchema = v.strictObject({
  contract: v.string(),
  address: addressSchema,
  codeHash: hashSchema,
  implementation: v.optional(v.strictObject({ address: addressSchema, codeHash: hashSchema })),
});

/**
 * Pins as they were stored.
 * @throws InvalidInputError that names the entry and the field
 */
export function parsePins(json: unknown): readonly Expectation[] {
  const parsed = v.safeParse(v.array(pinSchema), json);
  if (parsed.success) {
    return parsed.output.map(({ implementation, ...pin }) => ({ ...pin, ...(implementation && { implementation }) }));
  }
  const [issue] = parsed.issues;
  const field = `pins.${v.getDotPath(issue) ?? ''}`.replace(/\.$/, '');
  throw new InvalidInputError(field, issue.input, issue.message, 'Write the pins anew from a verification you trust.');
}

/** `bytes32(uint256(keccak256('eip1967.proxy.implementation')) - 1)` (EIP-1967). */
const IMPLEMENTATION_SLOT = '360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc';
/** Returns the word in the implementation slot of whatever account runs it. */
const READ_SLOT: StateOverride = { code: `0x7f${IMPLEMENTATION_SLOT}545f5260205ff3` };

/** Reads the slot by lending each contract a few instructions for the length of one simulation. */
async function readImplementations(
  chain: Chain,
  expectations: readonly Expectation[],
  signal: AbortSignal | undefined,
): Promise<readonly (Address | undefined)[]> {
  const results = await chain.simulate(
    {
      from: NATIVE_ADDRESS,
      calls: expectations.map(({ address }) => ({ to: address, data: '0x', valueWei: 0n })),
      overrides: Object.fromEntries(expectations.map(({ address }) => [address, READ_SLOT])),
    },
    signal,
  );
  return results.map(({ data, success }): Address | undefined => {
    if (!success || data.length !== 66 || BigInt(data) === 0n) return undefined;
    return `0x${data.slice(26)}`;
  });
}

function hashOf(code: Hex, chainId?: number, expected?: Expectation): Hex | null {
  if (code === '0x') return null;
  const plain = expected?.immutables === 'permit2' ? withoutPermit2Immutables(code, chainId!, expected.address) : code;
  return keccak256(plain) as Hex;
}

/** Sets to zero what Permit2's constructor wrote into its code: each immutable follows a PUSH32. */
function withoutPermit2Immutables(code: Hex, chainId: number, address: Address): Hex {
  const coder = AbiCoder.defaultAbiCoder();
  const typeHash = id('EIP712Domain(string name,uint256 chainId,address verifyingContract)');
  const separator = keccak256(
    coder.encode(['bytes32', 'bytes32', 'uint256', 'address'], [typeHash, id('Permit2'), chainId, address]),
  );
  const words = [coder.encode(['uint256'], [chainId]), separator].map((word) => word.slice(2));
  const zero = '0'.repeat(64);
  return words.reduce((text, word) => text.replaceAll(`7f${word}`, `7f${zero}`), code.toLowerCase()) as Hex;
}
