import type { Address, Hex } from '@evenkeel/core';

/*
 * A few instructions of EVM code that are put in place of an account's own for the length of one eth_call, so that the
 * account itself makes a sequence of calls, each seeing what the ones before it did.
 *
 *   calldata = MARK, then a call each: to (32 bytes), value (32), gas (32), length (32), that many bytes of data
 *   returns        a call each: success (32), gas used (32), length (32), that many bytes of return data
 *
 * Any other calldata is delegated to where the account's real code was moved to, so that a contract account still
 * answers ERC-1271 questions and token callbacks as itself.
 */

/** First word of the executor's calldata. Arbitrary; no ABI call begins so, nor does anything else that is sent. */
const MARK = 'e7e4ce1b'.repeat(8);

/** Where the account's own code stays meanwhile. Arbitrary: nothing is deployed there. */
export const MOVED_CODE_ADDRESS: Address = '0xe7e4ce1be7e4ce1be7e4ce1be7e4ce1be7e4ce1b';

const OPCODES = {
  ADD: '01',
  SUB: '03',
  GT: '11',
  EQ: '14',
  ISZERO: '15',
  CALLDATALOAD: '35',
  CALLDATASIZE: '36',
  CALLDATACOPY: '37',
  RETURNDATASIZE: '3d',
  RETURNDATACOPY: '3e',
  POP: '50',
  MSTORE: '52',
  JUMP: '56',
  JUMPI: '57',
  GAS: '5a',
  JUMPDEST: '5b',
  PUSH0: '5f',
  DUP1: '80',
  DUP3: '82',
  DUP4: '83',
  DUP5: '84',
  DUP6: '85',
  DUP7: '86',
  DUP8: '87',
  DUP9: '88',
  SWAP1: '90',
  CALL: 'f1',
  RETURN: 'f3',
  DELEGATECALL: 'f4',
  REVERT: 'fd',
} as const;

/** `NAME:` is a label, `@NAME` pushes its offset, `0x…` pushes bytes. The comments show the stack, top last. */
const PROGRAM = `
  PUSH0 CALLDATALOAD 0x${MARK} EQ @run JUMPI

  CALLDATASIZE PUSH0 PUSH0 CALLDATACOPY
  PUSH0 PUSH0 CALLDATASIZE PUSH0 ${MOVED_CODE_ADDRESS} GAS DELEGATECALL
  RETURNDATASIZE PUSH0 PUSH0 RETURNDATACOPY
  @good JUMPI
  RETURNDATASIZE PUSH0 REVERT
  good: RETURNDATASIZE PUSH0 RETURN

  run: PUSH0 0x20                                       ; out in
  loop: DUP1 CALLDATASIZE GT ISZERO @end JUMPI          ; out in
  DUP1 0x60 ADD CALLDATALOAD                            ; out in length
  DUP1 DUP3 0x80 ADD DUP5 0x60 ADD CALLDATACOPY         ; out in length
  GAS PUSH0 PUSH0                                       ; out in length gas0 0 0
  DUP4 DUP7 0x60 ADD                                    ; out in length gas0 0 0 length out+60
  DUP7 0x20 ADD CALLDATALOAD                            ; … value
  DUP8 CALLDATALOAD                                     ; … value to
  DUP9 0x40 ADD CALLDATALOAD CALL                       ; out in length gas0 success
  GAS SWAP1 DUP6 MSTORE                                 ; out in length gas0 gas1
  SWAP1 SUB DUP4 0x20 ADD MSTORE                        ; out in length
  RETURNDATASIZE DUP4 0x40 ADD MSTORE                   ; out in length
  RETURNDATASIZE PUSH0 DUP5 0x60 ADD RETURNDATACOPY     ; out in length
  ADD 0x80 ADD SWAP1 RETURNDATASIZE ADD 0x60 ADD SWAP1  ; out' in'
  @loop JUMP
  end: POP PUSH0 RETURN
`;

/** Runtime code of the executor. */
export const BATCH_EXECUTOR_CODE: Hex = assemble(PROGRAM);

function assemble(program: string): Hex {
  const words = program.replace(/;.*$/gm, '').split(/\s+/).filter(Boolean);
  const labels = new Map<string, number>();
  const render = (word: string): string => {
    if (word.startsWith('@')) return `60${byte(labels.get(word.slice(1)) ?? 0)}`;
    if (word.endsWith(':')) return OPCODES.JUMPDEST;
    if (word.startsWith('0x')) return `${byte(0x5f + (word.length - 2) / 2)}${word.slice(2)}`;
    return OPCODES[word as keyof typeof OPCODES];
  };
  let offset = 0;
  for (const word of words) {
    if (word.endsWith(':')) labels.set(word.slice(0, -1), offset);
    offset += render(word).length / 2;
  }
  return `0x${words.map(render).join('')}`;
}

function byte(value: number): string {
  return value.toString(16).padStart(2, '0');
}

export interface ExecutorCall {
  readonly to: Address;
  readonly data: Hex;
  readonly valueWei: bigint;
  readonly gasLimit?: bigint;
}

export interface ExecutorResult {
  readonly success: boolean;
  readonly gasUsed: bigint;
  readonly data: Hex;
}

/** More than there ever is: CALL then passes on all but one 64th (EIP-150). */
const ALL_GAS = 2n ** 64n - 1n;

export function encodeExecutorCalls(calls: readonly ExecutorCall[]): Hex {
  const parts = calls.map(({ to, data, valueWei, gasLimit }) => {
    const head = [BigInt(to), valueWei, gasLimit ?? ALL_GAS, BigInt((data.length - 2) / 2)];
    return head.map((value) => value.toString(16).padStart(64, '0')).join('') + data.slice(2);
  });
  return `0x${MARK}${parts.join('')}`;
}

/** `undefined` when the data are not the results of exactly `count` calls. */
export function decodeExecutorResults(data: Hex, count: number): readonly ExecutorResult[] | undefined {
  const results: ExecutorResult[] = [];
  let at = 2;
  const word = (): bigint => {
    const digits = data.slice(at, (at += 64));
    return digits.length === 64 ? BigInt(`0x${digits}`) : -1n;
  };
  while (at < data.length) {
    const [success, gasUsed, length] = [word(), word(), word()];
    if (length < 0n || length > BigInt(data.length)) return undefined;
    const end = at + Number(length) * 2;
    if (end > data.length) return undefined;
    results.push({ success: success === 1n, gasUsed, data: `0x${data.slice(at, end)}` });
    at = end;
  }
  return results.length === count ? results : undefined;
}
