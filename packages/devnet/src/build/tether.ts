import { getCreateAddress } from 'ethers';
import type { Address, Hex } from '../world.js';
import type { Builder } from './builder.js';

/*
 * Tether's token on Ethereum departs from ERC-20 in two ways that break careless callers: `approve` refuses to change an
 * allowance that is not zero to another that is not zero, and transfers and approvals return nothing. No published package
 * carries that contract's bytecode, so a few instructions of our own are put in front of a real ERC-20: they apply the
 * rule, pass everything on by DELEGATECALL, and swallow the returned `true`.
 */

const OPCODES = {
  STOP: 0x00,
  EQ: 0x14,
  ISZERO: 0x15,
  OR: 0x17,
  SHL: 0x1b,
  SHR: 0x1c,
  ADDRESS: 0x30,
  CALLER: 0x33,
  CALLDATALOAD: 0x35,
  CALLDATASIZE: 0x36,
  CALLDATACOPY: 0x37,
  RETURNDATASIZE: 0x3d,
  RETURNDATACOPY: 0x3e,
  POP: 0x50,
  MLOAD: 0x51,
  MSTORE: 0x52,
  JUMPI: 0x57,
  GAS: 0x5a,
  JUMPDEST: 0x5b,
  PUSH0: 0x5f,
  DUP1: 0x80,
  DUP2: 0x81,
  SWAP1: 0x90,
  RETURN: 0xf3,
  DELEGATECALL: 0xf4,
  STATICCALL: 0xfa,
  REVERT: 0xfd,
} as const;

const SELECTORS = {
  approve: '095ea7b3',
  allowance: 'dd62ed3e',
  transfer: 'a9059cbb',
  transferFrom: '23b872dd',
} as const;

/** `label:` marks a jump target, `@label` pushes it, bare hexadecimal after `$` is pushed, the rest are opcodes. */
function program(logic: Address): string {
  return `
    PUSH0 CALLDATALOAD $e0 SHR $${SELECTORS.approve} EQ @approve JUMPI
    forward:
      CALLDATASIZE PUSH0 PUSH0 CALLDATACOPY
      PUSH0 PUSH0 CALLDATASIZE PUSH0 $${logic.slice(2)} GAS DELEGATECALL
      RETURNDATASIZE PUSH0 PUSH0 RETURNDATACOPY
      @succeeded JUMPI
      RETURNDATASIZE PUSH0 REVERT
    succeeded:
      PUSH0 CALLDATALOAD $e0 SHR
      DUP1 $${SELECTORS.approve} EQ
      DUP2 $${SELECTORS.transfer} EQ OR
      SWAP1 $${SELECTORS.transferFrom} EQ OR
      @silent JUMPI
      RETURNDATASIZE PUSH0 RETURN
    silent:
      STOP
    approve:
      $24 CALLDATALOAD ISZERO @forward JUMPI
      $${SELECTORS.allowance} $e0 SHL PUSH0 MSTORE
      CALLER $04 MSTORE
      $04 CALLDATALOAD $24 MSTORE
      $20 PUSH0 $44 PUSH0 ADDRESS GAS STATICCALL POP
      PUSH0 MLOAD ISZERO @forward JUMPI
      PUSH0 PUSH0 REVERT
  `;
}

/** Two passes: sizes first, so that labels are known, then bytes. Labels fit into one byte. */
function assemble(source: string): Hex {
  const words = source.split(/\s+/).filter((word) => word !== '');
  const labels = new Map<string, number>();
  let size = 0;
  for (const word of words) {
    if (word.endsWith(':')) labels.set(word.slice(0, -1), size);
    size += word.startsWith('$') ? word.length / 2 + 0.5 : word.startsWith('@') ? 2 : 1;
  }
  const byte = (value: number): string => value.toString(16).padStart(2, '0');
  const bytes = words.map((word) => {
    if (word.endsWith(':')) return byte(OPCODES.JUMPDEST);
    if (word.startsWith('@')) return byte(0x60) + byte(labels.get(word.slice(1)) as number);
    if (word.startsWith('$')) return byte(0x5f + (word.length - 1) / 2) + word.slice(1).toLowerCase();
    return byte(OPCODES[word as keyof typeof OPCODES]);
  });
  return `0x${bytes.join('')}`;
}

/** Gives a mined ERC-20 the two oddities. Its storage stays; its code moves to an address beside it. */
export async function dressAsTether(builder: Builder, token: Address): Promise<void> {
  const code = await builder.rpc.request('eth_getCode', [token, 'latest']);
  const logic = getCreateAddress({ from: token, nonce: 1 }) as Address;
  await builder.rpc.batch([
    { method: 'anvil_setCode', params: [logic, code] },
    { method: 'anvil_setCode', params: [token, assemble(program(logic))] },
  ]);
}
