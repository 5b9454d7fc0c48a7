import type { Hex, ReadCall } from '@evenkeel/core';
import { Interface } from 'ethers';
import fc from 'fast-check';
import { decodeAggregate, encodeAggregate, MULTICALL3_ADDRESS } from './multicall.js';

/** The same by a coder for any type. */
const abi = new Interface([
  'function aggregate3((address target, bool allowFailure, bytes callData)[] calls) returns ((bool success, bytes returnData)[])',
  'function getBlockNumber() view returns (uint256)',
  'function getCurrentBlockTimestamp() view returns (uint256)',
  'function getBasefee() view returns (uint256)',
  'function getChainId() view returns (uint256)',
]);

const bytes = fc.uint8Array({ maxLength: 70 }).map((each): Hex => `0x${Buffer.from(each).toString('hex')}`);
const word = (value: number): string => `0x${value.toString(16).padStart(64, '0')}`;
const header = [1, 17, 1_700_000_000, 9].map((value) => [true, word(value)] as const);
const rows = fc.array(fc.tuple(fc.boolean(), bytes), { maxLength: 12 });

test('encodes what an ABI coder encodes', () => {
  const call = fc.tuple(fc.bigInt({ min: 0n, max: 2n ** 160n - 1n }), bytes).map(([to, data]): ReadCall => ({
    to: `0x${to.toString(16).padStart(40, '0')}`,
    data,
  }));
  fc.assert(
    fc.property(fc.array(call, { maxLength: 12 }), (calls) => {
      const own = ['getChainId', 'getBlockNumber', 'getCurrentBlockTimestamp', 'getBasefee'].map((name) => ({
        to: MULTICALL3_ADDRESS,
        data: abi.encodeFunctionData(name),
      }));
      const all = [...own, ...calls].map(({ data, to }) => [to.toLowerCase(), true, data]);
      expect(encodeAggregate(MULTICALL3_ADDRESS, 1, calls)).toBe(abi.encodeFunctionData('aggregate3', [all]));
    }),
  );
});

test('decodes what an ABI coder has encoded', () => {
  fc.assert(
    fc.property(rows, (own) => {
      const data = abi.encodeFunctionResult('aggregate3', [[...header, ...own]]) as Hex;
      const decoded = decodeAggregate(data, own.length)!;
      expect(decoded.block).toEqual({ chainId: 1n, number: 17n, timeSeconds: 1_700_000_000n, baseFeeWei: 9n });
      expect(decoded.results.map((each) => [each.success, each.data])).toEqual(own);
      expect(decodeAggregate(data, own.length + 1)).toBeUndefined();
    }),
  );
});

test('takes from garbage nothing that an ABI coder does not take, and the same', () => {
  fc.assert(
    fc.property(rows, fc.nat(), fc.constantFrom('0', '1', 'f', ''), (own, at, by) => {
      const good = abi.encodeFunctionResult('aggregate3', [[...header, ...own]]);
      const place = 2 + (at % (good.length - 2));
      // One digit is another one, or the end is cut off.
      const bad = (
        by === '' ? good.slice(0, place - (place % 2)) : good.slice(0, place) + by + good.slice(place + 1)
      ) as Hex;
      const decoded = decodeAggregate(bad, own.length);
      if (decoded === undefined) return;
      const reference = abi.decodeFunctionResult('aggregate3', bad)[0] as [boolean, string][];
      expect(decoded.results.map((each) => [each.success, each.data])).toEqual(
        reference.slice(4).map(([success, data]) => [success, data]),
      );
    }),
    { numRuns: 150 },
  );
});
