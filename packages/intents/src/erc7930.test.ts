import fc from 'fast-check';
import { addresses, chainIds } from '../test/arbitraries.js';
import { InvalidInputError } from './errors.js';
import {
  decodeInteroperableAddress,
  encodeInteroperableAddress,
  formatInteroperableName,
  type InteroperableAddress,
  parseInteroperableName,
} from './erc7930.js';

const VITALIK = '0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045';

/** Test cases 1 and 3 of the ERC's text; the second and fourth are of Solana. */
const published: readonly (readonly [InteroperableAddress, string, string])[] = [
  [
    { chainId: 1, address: VITALIK },
    '0x00010000010114D8DA6BF26964AF9D7EED9E03E53415D37AA96045',
    '0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045@eip155:1#4CA88C9C',
  ],
  [
    { address: VITALIK },
    '0x000100000014D8DA6BF26964AF9D7EED9E03E53415D37AA96045',
    '0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045@eip155#B26DB7CB',
  ],
];

test.each(published)('the published vector %j', (target, binary, name) => {
  expect(encodeInteroperableAddress(target)).toBe(binary.toLowerCase());
  expect(decodeInteroperableAddress(binary)).toEqual(target);
  expect(formatInteroperableName(target)).toBe(name);
  expect(parseInteroperableName(name)).toEqual(target);
});

test('chain ids take as few bytes as they need', () => {
  expect(encodeInteroperableAddress({ chainId: 255 })).toBe('0x0001000001ff00');
  expect(encodeInteroperableAddress({ chainId: 256 })).toBe('0x00010000020100' + '00');
  expect(encodeInteroperableAddress({ chainId: 42161 })).toBe('0x0001000002a4b100');
});

const targets: fc.Arbitrary<InteroperableAddress> = fc.oneof(
  fc.record({ chainId: chainIds, address: addresses }),
  fc.record({ chainId: chainIds }),
  fc.record({ address: addresses }),
);

test('both forms read back, and differ where the targets differ', () => {
  fc.assert(
    fc.property(targets, targets, (a, b) => {
      expect(decodeInteroperableAddress(encodeInteroperableAddress(a))).toEqual(a);
      expect(parseInteroperableName(formatInteroperableName(a))).toEqual(a);
      const same = a.chainId === b.chainId && a.address === b.address;
      expect(encodeInteroperableAddress(a) === encodeInteroperableAddress(b)).toBe(same);
    }),
  );
});

test('a binary form with one byte cut, added or changed in its frame is refused', () => {
  fc.assert(
    fc.property(targets, fc.nat(), (target, place) => {
      const encoded = encodeInteroperableAddress(target);
      const cut = 2 + 2 * (place % ((encoded.length - 2) / 2));
      expect(() => decodeInteroperableAddress(encoded.slice(0, cut))).toThrow(InvalidInputError);
      expect(() => decodeInteroperableAddress(`${encoded}00`)).toThrow(InvalidInputError);
    }),
  );
});

test.each([
  ['no address-length byte', `0x000100000101${VITALIK.slice(2)}`],
  ['another version', `0x00020000010114${VITALIK.slice(2)}`],
  ['a Solana chain', `0x00010002010114${VITALIK.slice(2)}`],
  ['a leading zero in the chain id', `0x0001000002000114${VITALIK.slice(2)}`],
  ['a chain id of zero', `0x00010000010014${VITALIK.slice(2)}`],
  ['an address of 19 bytes', `0x00010000010113${VITALIK.slice(4)}`],
  ['neither chain nor address', '0x000100000000'],
  ['a chain id past 2^53', '0x00010000082000000000000000' + '0000'],
  ['half a byte', '0x000'],
  ['no hexadecimal', 'hello'],
])('%s is refused', (_, encoded) => {
  expect(() => decodeInteroperableAddress(encoded)).toThrow(InvalidInputError);
});

test.each([
  ['a wrong checksum', `${VITALIK}@eip155:1#4CA88C9D`],
  ['no checksum', `${VITALIK}@eip155:1`],
  ['another chain under the same checksum', `${VITALIK}@eip155:10#4CA88C9C`],
  ['a checksum in lower case', `${VITALIK}@eip155:1#4ca88c9c`],
  ['a leading zero', `${VITALIK}@eip155:01#4CA88C9C`],
  ['a name', 'vitalik.eth@eip155:1#4CA88C9C'],
  ['an address with a wrong ERC-55 checksum', `${VITALIK.replace('dA', 'Da')}@eip155:1#4CA88C9C`],
])('%s is refused', (_, name) => {
  expect(() => parseInteroperableName(name)).toThrow(InvalidInputError);
});

test('nothing at all is refused', () => {
  expect(() => encodeInteroperableAddress({} as InteroperableAddress)).toThrow(InvalidInputError);
  expect(() => encodeInteroperableAddress({ chainId: 2 ** 53 })).toThrow(InvalidInputError);
});
