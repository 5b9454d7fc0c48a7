import { Interface } from 'ethers';
import fc from 'fast-check';
import type { Address, Hex } from '../model/token.js';
import {
  decodeTokenCall,
  decodeUint,
  encodeAllowance,
  encodeApprove,
  encodeBalanceOf,
  encodePermit2Allowance,
} from './token-calls.js';

const abi = new Interface([
  'function balanceOf(address)',
  'function allowance(address,address)',
  'function approve(address,uint256)',
  'function increaseAllowance(address,uint256)',
  'function decreaseAllowance(address,uint256)',
  'function transfer(address,uint256)',
  'function transferFrom(address,address,uint256)',
  'function setApprovalForAll(address,bool)',
]);
const permit2 = new Interface([
  'function approve(address,address,uint160,uint48)',
  'function allowance(address,address,address)',
  'function lockdown((address,address)[])',
  'function invalidateUnorderedNonces(uint256,uint256)',
]);
const address = fc.stringMatching(/^[0-9a-f]{40}$/).map((digits): Address => `0x${digits}`);
const uint256 = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n });

test('reads are encoded as an ABI library does', () => {
  fc.assert(
    fc.property(address, address, address, uint256, (a, b, c, atoms) => {
      expect(encodeBalanceOf(a)).toBe(abi.encodeFunctionData('balanceOf', [a]));
      expect(encodeAllowance(a, b)).toBe(abi.encodeFunctionData('allowance', [a, b]));
      expect(encodeApprove(a, atoms)).toBe(abi.encodeFunctionData('approve', [a, atoms]));
      expect(encodePermit2Allowance(a, b, c)).toBe(permit2.encodeFunctionData('allowance', [a, b, c]));
    }),
  );
});

test('every call that lends or moves tokens is recognised', () => {
  fc.assert(
    fc.property(address, address, uint256, fc.bigInt({ min: 0n, max: 2n ** 160n - 1n }), (a, b, atoms, atoms160) => {
      const read = (name: string, args: readonly unknown[]): unknown =>
        decodeTokenCall(abi.encodeFunctionData(name, args) as Hex);
      expect(read('approve', [a, atoms])).toEqual({ kind: 'approve', spender: a, atoms });
      expect(read('increaseAllowance', [a, atoms])).toEqual({ kind: 'increase-allowance', spender: a, atoms });
      expect(read('decreaseAllowance', [a, atoms])).toEqual({ kind: 'decrease-allowance', spender: a });
      expect(read('transfer', [a, atoms])).toEqual({ kind: 'transfer', recipient: a, atoms });
      expect(read('transferFrom', [a, b, atoms])).toEqual({ kind: 'transfer-from', recipient: b, atoms });
      expect(read('setApprovalForAll', [a, true])).toEqual({ kind: 'set-approval-for-all', operator: a });
      const approve = permit2.encodeFunctionData('approve(address,address,uint160,uint48)', [a, b, atoms160, 7]);
      expect(decodeTokenCall(approve as Hex)).toEqual({
        kind: 'permit2-approve',
        token: a,
        spender: b,
        atoms: atoms160,
        expiration: 7,
      });
      expect(decodeTokenCall(permit2.encodeFunctionData('invalidateUnorderedNonces', [1n, 2n]) as Hex)).toEqual({
        kind: 'permit2-lockdown',
      });
      expect(decodeTokenCall(permit2.encodeFunctionData('lockdown', [[[a, b]]]) as Hex)).toEqual({
        kind: 'permit2-lockdown',
      });
    }),
  );
});

test('arguments that are cut short or dirty are malformed, everything else is other', () => {
  const approve = encodeApprove('0x00000000000000000000000000000000000000aa', 5n);
  expect(decodeTokenCall(approve.slice(0, -2) as Hex).kind).toBe('malformed');
  expect(decodeTokenCall(`${approve.slice(0, 10)}ff${approve.slice(12)}` as Hex).kind).toBe('malformed');
  expect(decodeTokenCall('0x095ea7b3').kind).toBe('malformed');
  expect(decodeTokenCall('0x12345678').kind).toBe('other');
  expect(decodeTokenCall('0x').kind).toBe('other');
});

test('an answer shorter than a word is no number', () => {
  expect(decodeUint('0x')).toBeUndefined();
  expect(decodeUint('0x01')).toBeUndefined();
  expect(decodeUint(`0x${'0'.repeat(63)}5${'f'.repeat(64)}`)).toBe(5n);
});
