import fc from 'fast-check';
import { input, makeIntent, NOW_SECONDS, stranger, USDC, wallet, WETH } from '../test/arbitraries.js';
import { assertChildWithin, childNonce, type ChildOrder } from './child-order.js';
import { ChildOrderExceedsError, ChildOrderForeignError } from './intent-errors.js';
import { InvalidInputError } from './errors.js';
import type { Address } from './intent.js';
import { addressToBytes32, type StandardOrder } from './standard-order.js';
import { hashIntent } from './typed-data.js';

const parent = makeIntent();
const parentId = hashIntent(parent);
const MAX_USDC = input.spending[0]!.maxSpend;
const owner = wallet.address as Address;

function child(index: number, amount: bigint, changes: Partial<StandardOrder> = {}): ChildOrder {
  const output = {
    oracle: addressToBytes32(stranger.address as Address),
    settler: addressToBytes32(stranger.address as Address),
    chainId: 42161,
    token: addressToBytes32(WETH),
    amount: 10n ** 17n,
    recipient: addressToBytes32(owner),
    callbackData: '0x',
    context: '0x',
  } as const;
  const order: StandardOrder = {
    user: owner,
    nonce: childNonce(parentId, index),
    originChainId: 1,
    expires: NOW_SECONDS + 7200,
    fillDeadline: NOW_SECONDS + 600,
    inputOracle: stranger.address as Address,
    inputs: [{ token: USDC, amount }],
    outputs: [output],
    ...changes,
  };
  return { parentId, index, adapter: 'oif', order };
}

test('live children and what is spent fit under the limit, and not one atom more', () => {
  const amounts = fc.array(fc.bigInt({ min: 1n, max: MAX_USDC }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(amounts, fc.bigInt({ min: 0n, max: MAX_USDC }), (each, gone) => {
      const live: ChildOrder[] = [];
      const spent = [{ chainId: 1, token: USDC.toLowerCase() as Address, atoms: gone }];
      let taken = gone;
      for (const [index, amount] of each.entries()) {
        const next = child(index, amount);
        if (taken + amount <= MAX_USDC) {
          assertChildWithin(parent, live, next, spent);
          live.push(next);
          taken += amount;
        } else {
          expect(() => assertChildWithin(parent, live, next, spent)).toThrow(ChildOrderExceedsError);
        }
      }
    }),
    { numRuns: 30 },
  );
});

test('the inputs of one order count together', () => {
  const half = MAX_USDC / 2n;
  const twice = (second: bigint): ChildOrder =>
    child(0, 1n, {
      inputs: [
        { token: USDC, amount: half },
        { token: USDC, amount: second },
      ],
    });
  assertChildWithin(parent, [], twice(half));
  expect(() => assertChildWithin(parent, [], twice(half + 1n))).toThrow(ChildOrderExceedsError);
});

test('a limit on one chain is not taken by a child of another', () => {
  const elsewhere = child(1, 1n, { originChainId: 42161, inputs: [{ token: WETH, amount: 10n ** 18n }] });
  assertChildWithin(parent, [elsewhere], child(0, MAX_USDC));
});

const output = child(0, 1n).order.outputs[0]!;
test.each<[string, string, ChildOrder]>([
  ['of another intent', 'parentId', { ...child(0, 1n), parentId: `0x${'34'.repeat(32)}` }],
  ['with a nonce of its own', 'order.nonce', child(0, 1n, { nonce: 7n })],
  ["with a sibling's nonce", 'order.nonce', child(0, 1n, { nonce: childNonce(parentId, 1) })],
  ['of another user', 'order.user', child(0, 1n, { user: stranger.address as Address })],
  ['by an adapter that is not admitted', 'adapter', { ...child(0, 1n), adapter: 'cow' }],
  ['that outlives the intent', 'order.fillDeadline', child(0, 1n, { fillDeadline: parent.deadline + 1 })],
  ['that spends an unnamed token', 'order.inputs.0.token', child(0, 1n, { inputs: [{ token: WETH, amount: 1n }] })],
  ['on an unnamed chain', 'order.inputs.0.token', child(0, 1n, { originChainId: 10 })],
  [
    'that pays a stranger',
    'order.outputs.0.recipient',
    child(0, 1n, { outputs: [{ ...output, recipient: addressToBytes32(stranger.address as Address) }] }),
  ],
  [
    'that pays on an unnamed chain',
    'order.outputs.0.recipient',
    child(0, 1n, { outputs: [{ ...output, chainId: 10 }] }),
  ],
])('an order %s is refused', (_, field, order) => {
  expect(() => assertChildWithin(parent, [], order)).toThrow(ChildOrderForeignError);
  expect(() => assertChildWithin(parent, [], order)).toThrow(
    expect.objectContaining({ code: 'CHILD_ORDER_FOREIGN', field }),
  );
});

test('an index that a live child has is refused', () => {
  expect(() => assertChildWithin(parent, [child(0, 1n)], child(0, 1n))).toThrow(
    expect.objectContaining({ code: 'CHILD_ORDER_FOREIGN', field: 'index' }),
  );
});

test('nonces of children differ by parent and by index', () => {
  const other = hashIntent(makeIntent({ maxCostBps: 31 }));
  const nonces = [childNonce(parentId, 0), childNonce(parentId, 1), childNonce(other, 0), childNonce(other, 1)];
  expect(new Set(nonces).size).toBe(4);
  expect(() => childNonce('0x12', 0)).toThrow(InvalidInputError);
  expect(() => childNonce(parentId, -1)).toThrow(InvalidInputError);
});
