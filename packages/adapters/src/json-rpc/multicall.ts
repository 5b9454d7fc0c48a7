import type { Address, Hex, ReadCall, ReadResult } from '@evenkeel/core';

/** Where Multicall3 stands on nearly every chain (github.com/mds1/multicall3). */
export const MULTICALL3_ADDRESS: Address = '0xcA11bde05977b3631167028862bE2a173976CA11';

// By hand: a coder for any type copies what is left of the answer for each of its parts, which for hundreds of parts
// takes longer than the node does. Selectors are the first four bytes of keccak256 of the signature beside them.
const AGGREGATE3 = '0x82ad56cb'; // aggregate3((address,bool,bytes)[])
const GET_CHAIN_ID: Hex = '0x3408e470'; // getChainId()
const GET_BLOCK_NUMBER: Hex = '0x42cbb15c'; // getBlockNumber()
const GET_TIMESTAMP: Hex = '0x0f28c97d'; // getCurrentBlockTimestamp()
const GET_BASE_FEE: Hex = '0x3e64a696'; // getBasefee()

/** Hex digits of a word, and bytes. */
const WORD = 64;
const WORD_BYTES = 32;

/** Arbitrum's NUMBER opcode gives the block of Ethereum; its own number comes from ArbSys (Arbitrum precompiles). */
const ARB_SYS_BLOCK_NUMBER: ReadCall = {
  to: '0x0000000000000000000000000000000000000064',
  data: '0xa3b1b31d',
};
const ARBITRUM_CHAINS: ReadonlySet<number> = new Set([42161, 42170, 421614]);

/** Facts about the block that a batch of reads saw, from within the batch. */
export interface SeenBlock {
  readonly chainId: bigint;
  readonly number: bigint;
  readonly timeSeconds: bigint;
  /** Zero where the node lowers the base fee for calls without a gas price, as geth does. */
  readonly baseFeeWei: bigint;
}

const HEADER_CALLS = 4;

/** `aggregate3` calldata for `calls`, preceded by the calls that tell the block. */
export function encodeAggregate(multicall3: Address, chainId: number, calls: readonly ReadCall[]): Hex {
  const own = (data: Hex): ReadCall => ({ to: multicall3, data });
  const number = ARBITRUM_CHAINS.has(chainId) ? ARB_SYS_BLOCK_NUMBER : own(GET_BLOCK_NUMBER);
  const all = [own(GET_CHAIN_ID), number, own(GET_TIMESTAMP), own(GET_BASE_FEE), ...calls];
  const rows = all.map(({ data, to }) => {
    const digits = data.slice(2).toLowerCase();
    const padded = digits.padEnd(Math.ceil(digits.length / WORD) * WORD, '0');
    return `${to.slice(2).toLowerCase().padStart(WORD, '0')}${uint(1)}${uint(3 * WORD_BYTES)}${uint(digits.length / 2)}${padded}`;
  });
  let offset = rows.length * WORD_BYTES;
  const heads = rows.map((row) => {
    const at = offset;
    offset += row.length / 2;
    return uint(at);
  });
  return `${AGGREGATE3}${uint(WORD_BYTES)}${uint(rows.length)}${heads.join('')}${rows.join('')}` as Hex;
}

/** The inverse of {@link encodeAggregate}; `undefined` when the data are not an answer to `count` calls. */
export function decodeAggregate(
  data: Hex,
  count: number,
): { readonly block: SeenBlock; readonly results: readonly ReadResult[] } | undefined {
  const rows = rowsIn(data.slice(2).toLowerCase(), count + HEADER_CALLS);
  if (rows === undefined) return undefined;
  const [chainId, number, timeSeconds, baseFeeWei] = rows.slice(0, HEADER_CALLS).map(word);
  if (chainId === undefined || number === undefined || timeSeconds === undefined || baseFeeWei === undefined) {
    return undefined;
  }
  return { block: { chainId, number, timeSeconds, baseFeeWei }, results: rows.slice(HEADER_CALLS) };
}

/** `(bool success, bytes returnData)[]` of exactly so many; undefined where the digits do not hold them. */
function rowsIn(digits: string, expected: number): readonly ReadResult[] | undefined {
  const start = (sizeAt(digits, 0) ?? Infinity) * 2;
  if (sizeAt(digits, start) !== expected) return undefined;
  const heads = start + WORD;
  const rows: ReadResult[] = [];
  for (let i = 0; i < expected; i++) {
    const offset = sizeAt(digits, heads + i * WORD);
    if (offset === undefined) return undefined;
    const row = heads + offset * 2;
    const inner = sizeAt(digits, row + WORD);
    if (inner === undefined) return undefined;
    const bytes = row + inner * 2;
    const length = sizeAt(digits, bytes);
    const from = bytes + WORD;
    if (length === undefined || from + Math.ceil(length / WORD_BYTES) * WORD > digits.length) return undefined;
    const success = digits.slice(row, row + WORD) !== NOTHING;
    rows.push(Object.freeze({ success, data: `0x${digits.slice(from, from + length * 2)}` }));
  }
  return rows;
}

const NOTHING = '0'.repeat(WORD);
/** No answer is longer than what twelve hex digits can count. */
const SMALL = 12;

/** A word that is an offset or a length; undefined where it is cut short or larger than any answer. */
function sizeAt(digits: string, at: number): number | undefined {
  const text = digits.slice(at, at + WORD);
  if (text.length !== WORD || !text.startsWith(NOTHING.slice(SMALL))) return undefined;
  return Number.parseInt(text.slice(-SMALL), 16);
}

function word({ data, success }: ReadResult): bigint | undefined {
  return success && data.length >= 2 + WORD ? BigInt(data.slice(0, 2 + WORD)) : undefined;
}

function uint(value: number): string {
  return value.toString(16).padStart(WORD, '0');
}
