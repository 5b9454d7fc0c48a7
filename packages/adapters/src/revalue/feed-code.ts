import type { Hex } from '@evenkeel/core';

/*
 * Code that takes the place of a price feed in a simulation and answers one price: to `latestAnswer()` the price, to
 * `decimals()` its decimals, to anything else what `latestRoundData()` would, answered just now.
 */

const OPCODES: Readonly<Record<string, string>> = {
  EQ: '14',
  SHR: '1c',
  CALLDATALOAD: '35',
  TIMESTAMP: '42',
  MSTORE: '52',
  JUMPI: '57',
  JUMPDEST: '5b',
  DUP1: '80',
  RETURN: 'f3',
};

const LATEST_ANSWER = '50d25bcd';
const DECIMALS = '313ce567';
const ROUND = '01';

/** Bare hexadecimal is pushed, the rest are opcodes. */
function assemble(...words: readonly string[]): string {
  return words.map((word) => OPCODES[word] ?? (0x5f + word.length / 2).toString(16) + word).join('');
}

export function feedCode(answer: bigint, decimals: number): Hex {
  const price = BigInt.asUintN(256, answer).toString(16).padStart(64, '0');
  const returnWord = (value: string): string => assemble(value, '00', 'MSTORE', '20', '00', 'RETURN');
  const round = assemble(
    ...[ROUND, '00', 'MSTORE', price, '20', 'MSTORE', 'TIMESTAMP', '40', 'MSTORE'],
    ...['TIMESTAMP', '60', 'MSTORE', ROUND, '80', 'MSTORE', 'a0', '00', 'RETURN'],
  );
  const onAnswer = OPCODES['JUMPDEST']! + returnWord(price);
  const onDecimals = OPCODES['JUMPDEST']! + returnWord(decimals.toString(16).padStart(2, '0'));
  const selector = assemble('00', 'CALLDATALOAD', 'e0', 'SHR');
  // The dispatcher's own length: the selector, two comparisons with their jumps.
  const jump = (to: number, when: string): string =>
    assemble('DUP1', when, 'EQ', to.toString(16).padStart(4, '0'), 'JUMPI');
  const head = (selector.length + 2 * jump(0, DECIMALS).length + round.length) / 2;
  const second = head + onAnswer.length / 2;
  return `0x${selector}${jump(head, LATEST_ANSWER)}${jump(second, DECIMALS)}${round}${onAnswer}${onDecimals}`;
}

/** Answers a word of calldata with the word at that place of the storage. */
export const STORAGE_READER: Hex = '0x6000355460005260206000f3';
