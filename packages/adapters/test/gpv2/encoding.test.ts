import fc from 'fast-check';
import { getAddress, TypedDataEncoder, Wallet, verifyTypedData } from 'ethers';
import type { Address, Hex } from '@evenkeel/core';
import {
  decodeTradeFlags,
  encodeOrderSignature,
  encodeTradeFlags,
  executedAmounts,
  type Gpv2Order,
  hashOrder,
  orderTypedData,
  orderUid,
  packOrderUid,
  parseOrder,
  settleCall,
  TradeRefusedError,
  unpackOrderUid,
} from '@evenkeel/adapters/gpv2';
import { InvalidInputError } from '@evenkeel/intents';

const address = (digit: string): Address => getAddress(`0x${digit.repeat(40)}`) as Address;
const domain = { chainId: 1, settlement: address('9') };
const ORDER: Gpv2Order = parseOrder({
  sellToken: address('1'),
  buyToken: address('2'),
  receiver: address('0'),
  sellAmount: 10n ** 18n,
  buyAmount: 2_900_000_000n,
  validTo: 1_800_000_000,
  appData: `0x${'00'.repeat(32)}`,
  feeAmount: 0n,
  kind: 'sell',
  partiallyFillable: false,
  sellTokenBalance: 'erc20',
  buyTokenBalance: 'erc20',
});

test('the struct that is signed is the one of GPv2Order.sol: its type hash is the published constant', () => {
  const { types } = orderTypedData(domain, ORDER);
  const encoder = new TypedDataEncoder({ Order: [...types['Order']!] });
  const typeHash = encoder.encodeData('Order', ORDER).slice(0, 66);
  expect(typeHash).toBe('0xd5a25ba2e97094ad7d83dc28a6572da797d6b3e7fc6663bd93efb789fc17e489');
});

test('a wallet that signs the typed data signs the digest', async () => {
  const wallet = Wallet.createRandom();
  const { domain: signed, message, types } = orderTypedData(domain, ORDER);
  const { EIP712Domain: _, ...structs } = types;
  const signature = await wallet.signTypedData(signed, structs as never, message);
  expect(verifyTypedData(signed, structs as never, message, signature)).toBe(wallet.address);
  expect(TypedDataEncoder.hash(signed, structs as never, message)).toBe(hashOrder(domain, ORDER));
});

test('every order is its own: each field changes the digest, so do the chain and the contract', () => {
  const others: readonly Partial<Gpv2Order>[] = [
    { sellToken: address('3') },
    { buyToken: address('3') },
    { receiver: address('3') },
    { sellAmount: 1n },
    { buyAmount: 1n },
    { validTo: 1 },
    { appData: `0x${'00'.repeat(31)}01` },
    { feeAmount: 1n },
    { kind: 'buy' },
    { partiallyFillable: true },
    { sellTokenBalance: 'internal' },
    { buyTokenBalance: 'internal' },
  ];
  const digests = [
    hashOrder(domain, ORDER),
    ...others.map((change) => hashOrder(domain, { ...ORDER, ...change })),
    hashOrder({ ...domain, chainId: 2 }, ORDER),
    hashOrder({ ...domain, settlement: address('8') }, ORDER),
  ];
  expect(new Set(digests).size).toBe(digests.length);
});

test('what packs, unpacks: uid and flags', () => {
  const hex = (bytes: number) =>
    fc
      .uint8Array({ minLength: bytes, maxLength: bytes })
      .map((data) => `0x${Buffer.from(data).toString('hex')}` as Hex);
  fc.assert(
    fc.property(hex(32), hex(20), fc.nat({ max: 2 ** 32 - 1 }), (digest, account, validTo) => {
      const parts = { digest, owner: getAddress(account) as Address, validTo };
      expect(unpackOrderUid(packOrderUid(parts))).toEqual(parts);
    }),
  );
  for (let flags = 0n; flags < 128n; flags += 1n) {
    // Bit 2 alone says nothing to the contract: it reads it only beside bit 3.
    const meaningful = flags & 0x08n ? flags : flags & ~0x04n;
    expect(encodeTradeFlags(decodeTradeFlags(flags))).toBe(meaningful);
  }
});

test('the uid is digest, owner and end', () => {
  const uid = orderUid(domain, ORDER, address('a'));
  expect(unpackOrderUid(uid)).toEqual({
    digest: hashOrder(domain, ORDER),
    owner: address('a'),
    validTo: ORDER.validTo,
  });
});

test('a limit met exactly is met, one atom more is not', () => {
  const prices = { sell: 2_900_000_000n, buy: 10n ** 18n };
  expect(executedAmounts(ORDER, prices)).toEqual({
    sellAtoms: 10n ** 18n,
    buyAtoms: 2_900_000_000n,
    feeAtoms: 0n,
    filledAtoms: 10n ** 18n,
  });
  expect(() => executedAmounts({ ...ORDER, buyAmount: ORDER.buyAmount + 1n }, prices)).toThrow(TradeRefusedError);
});

describe('bad input', () => {
  test.each<[string, () => unknown]>([
    ['an amount beyond 256 bits', () => parseOrder({ ...ORDER, sellAmount: 1n << 256n })],
    ['an end beyond 32 bits', () => parseOrder({ ...ORDER, validTo: 2 ** 32 })],
    ['an unknown field', () => parseOrder({ ...ORDER, tip: 1n })],
    ['a uid that is too short', () => unpackOrderUid('0x1234')],
    ['a reserved flag', () => decodeTradeFlags(128n)],
    ['negative flags', () => decodeTradeFlags(-1n)],
    ['a cut signature', () => encodeOrderSignature({ scheme: 'eip712', owner: address('a'), signature: '0x12' })],
    [
      'a presigned order with a signature',
      () => encodeOrderSignature({ scheme: 'presign', owner: address('a'), signature: '0x12' }),
    ],
    [
      'a token without a price',
      () =>
        settleCall(domain, {
          prices: [{ token: ORDER.sellToken, price: 1n }],
          trades: [{ order: ORDER, signature: { scheme: 'presign', owner: address('a'), signature: '0x' } }],
        }),
    ],
    [
      'a token with two prices',
      () =>
        settleCall(domain, {
          prices: [1n, 2n].map((price) => ({ token: ORDER.sellToken, price })),
          trades: [],
        }),
    ],
  ])('%s is refused', (_, act) => {
    expect(act).toThrow(InvalidInputError);
  });
});
