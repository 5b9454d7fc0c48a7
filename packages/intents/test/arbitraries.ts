import fc from 'fast-check';
import { getAddress } from 'ethers/address';
import { Wallet } from 'ethers/wallet';
import {
  type Address,
  createIntent,
  type Hex,
  type IntentInput,
  type MandateOutput,
  type RebalanceIntent,
  type ScheduleConstraint,
  type StandardOrder,
} from '../src/index.js';

export const NOW_SECONDS = 1_700_000_000;
export const USDC: Address = '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48';
export const WETH: Address = '0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2';

/** Keys of nobody's money, only used here. */
export const wallet = new Wallet(`0x${'11'.repeat(32)}`);
export const stranger = new Wallet(`0x${'22'.repeat(32)}`);

/** Counts up: reproducible and never the same twice. */
export function countingRandom(start = 1): { bytes(length: number): Uint8Array } {
  let count = start;
  return { bytes: (length) => new Uint8Array(length).fill(count++ % 256) };
}

export const input: IntentInput = {
  underlying: 'ETH',
  deltaChangeUnits: '1.25',
  postTradeDelta: { low: '-0.1', high: '0.1' },
  exposureHash: `0x${'ab'.repeat(32)}`,
  spending: [
    { chainId: 1, token: USDC, maxSpend: 5_000_000_000n, recipient: wallet.address as Address },
    { chainId: 42161, token: WETH, maxSpend: 10n ** 18n, recipient: wallet.address as Address },
  ],
  maxCostBps: 30,
  referencePrice: { source: 'chainlink ETH/USD', price: '2500.5' },
  adapters: ['uniswap-v3', 'across', 'oif'],
  schedule: { kind: 'twap', parts: 4, spanSeconds: 1200 },
  partialFill: 'allowed',
  deadline: NOW_SECONDS + 3600,
  signer: wallet.address as Address,
};

export function makeIntent(changes: Partial<IntentInput> = {}): RebalanceIntent {
  return createIntent({ ...input, ...changes }, { nowSeconds: NOW_SECONDS, random: countingRandom() });
}

export const hex = (bytes: number): fc.Arbitrary<Hex> =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((all) => `0x${Buffer.from(all).toString('hex')}` as Hex);

export const addresses: fc.Arbitrary<Address> = hex(20)
  .filter((value) => BigInt(value) !== 0n)
  .map((value) => getAddress(value) as Address);

export const chainIds = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
export const atoms = fc.bigInt({ min: 1n, max: 2n ** 256n - 1n });

/** Plain decimals in their one spelling. */
export const decimals: fc.Arbitrary<string> = fc
  .tuple(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.integer({ min: 0, max: 18 }))
  .map(([digits, scale]) => {
    const text = (digits < 0n ? -digits : digits).toString().padStart(scale + 1, '0');
    const fraction = text.slice(text.length - scale).replace(/0+$/, '');
    const whole = text.slice(0, text.length - scale);
    return `${digits < 0n ? '-' : ''}${whole}${scale === 0 || fraction === '' ? '' : `.${fraction}`}`;
  });

const intervals = fc
  .tuple(decimals, decimals)
  .map(([a, b]) => (Number(a) < Number(b) ? { low: a, high: b } : { low: b, high: a }))
  .filter(({ low, high }) => low === high || Number(low) < Number(high));

const schedules: fc.Arbitrary<ScheduleConstraint> = fc.oneof(
  fc.constant({ kind: 'single' as const }),
  fc.record({
    kind: fc.constantFrom('twap' as const, 'vwap' as const),
    parts: fc.integer({ min: 1, max: 10_000 }),
    spanSeconds: fc.integer({ min: 1, max: 3600 }),
  }),
  fc.record({ kind: fc.constant('hidden' as const), hash: hex(32) }),
);

export const intentInputs: fc.Arbitrary<IntentInput> = fc
  .record({
    underlying: fc.constantFrom('ETH', 'wstETH', 'BTC.b', 'X'),
    deltaChangeUnits: decimals.filter((value) => Number(value) !== 0),
    postTradeDelta: intervals,
    exposureHash: hex(32),
    spending: fc.uniqueArray(
      fc.record({ chainId: chainIds, token: addresses, maxSpend: atoms, recipient: addresses }),
      { minLength: 1, maxLength: 4, selector: ({ chainId, token }) => `${chainId}${token}` },
    ),
    maxCostBps: fc.integer({ min: 0, max: 10_000 }),
    referencePrice: fc.record({
      source: fc.constantFrom('chainlink ETH/USD', 'pyth'),
      price: decimals.filter((value) => Number(value) > 0),
    }),
    adapters: fc.uniqueArray(fc.constantFrom('uniswap-v2', 'uniswap-v3', 'across', '@me/mine'), { minLength: 1 }),
    schedule: schedules,
    partialFill: fc.constantFrom('allowed' as const, 'all-or-nothing' as const),
    deadline: fc.integer({ min: NOW_SECONDS + 3600, max: NOW_SECONDS + 100_000_000 }),
    signer: addresses,
  })
  .map((all) => (all.schedule.kind === 'single' ? all : { ...all, partialFill: 'allowed' as const }));

export const intents: fc.Arbitrary<RebalanceIntent> = fc
  .tuple(intentInputs, fc.integer({ min: 0, max: 255 }))
  .map(([each, seed]) => createIntent(each, { nowSeconds: NOW_SECONDS, random: countingRandom(seed) }));

const outputs: fc.Arbitrary<MandateOutput> = fc.record({
  oracle: hex(32),
  settler: hex(32),
  chainId: chainIds,
  token: hex(32),
  amount: atoms,
  recipient: hex(32),
  callbackData: fc.oneof(fc.constant<Hex>('0x'), hex(5), hex(64)),
  context: fc.oneof(fc.constant<Hex>('0x'), hex(1)),
});

export const standardOrders: fc.Arbitrary<StandardOrder> = fc
  .record({
    user: addresses,
    nonce: fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
    originChainId: chainIds,
    fillDeadline: fc.integer({ min: 1, max: 0xffff_ff00 }),
    extra: fc.integer({ min: 0, max: 255 }),
    inputOracle: addresses,
    inputs: fc.array(fc.record({ token: addresses, amount: atoms }), { minLength: 1, maxLength: 3 }),
    outputs: fc.array(outputs, { minLength: 1, maxLength: 3 }),
  })
  .map(({ extra, ...order }) => ({ ...order, expires: order.fillDeadline + extra }));
