import { chainDescription, resolveToken } from '@evenkeel/adapters/chains';
import { EvenkeelError } from '@evenkeel/intents';
import { parseConfig } from '../src/config/load.js';

const OWNER = '0xB8EEf6e72c4C42BF6Ba31C573e2387EB0ab815aF';
const RPC = 'http://127.0.0.1:1';

const book = (chains: readonly object[], more: object = {}): object => ({
  name: 'book',
  underlying: 'ETH',
  owner: OWNER,
  annualVolatilityPercent: 65,
  chains,
  ...more,
});

const described = (id: number, more: object = {}): object => ({
  id,
  rpcUrl: RPC,
  base: 'WETH',
  quote: 'USDC',
  ...more,
});

const foreign = (more: object = {}): object => ({
  id: 31337,
  rpcUrl: RPC,
  base: { address: `0x${'11'.repeat(20)}`, symbol: 'WETH', decimals: 18 },
  quote: { address: `0x${'22'.repeat(20)}`, symbol: 'USDC', decimals: 6 },
  contracts: { uniswapV3Factory: `0x${'33'.repeat(20)}` },
  ...more,
});

function refusal(config: object): EvenkeelError {
  try {
    parseConfig(config);
  } catch (error) {
    if (error instanceof EvenkeelError) return error;
    throw error;
  }
  throw new Error('It was accepted.');
}

describe('a described chain', () => {
  it.each([1, 10, 8453, 42161])('%i needs nothing but an endpoint and two symbols', (id) => {
    const description = chainDescription(id);
    const [chain] = parseConfig(book([described(id)])).chains;
    expect(chain).toMatchObject({
      name: description.name,
      contracts: description.contracts,
      hyperlaneDomain: description.hyperlaneDomain,
      universalRouterVersion: description.universalRouterVersion,
      resetAllowance: description.resetAllowance,
      wrappedNative: description.wrappedNative.address,
    });
    for (const [side, symbol] of [
      ['base', 'WETH'],
      ['quote', 'USDC'],
    ] as const) {
      const { address, decimals } = resolveToken(id, symbol);
      expect(chain![side]).toEqual({ address, symbol, decimals });
    }
  });

  it('takes what the configuration says itself', () => {
    const own = `0x${'44'.repeat(20)}` as const;
    const token = { address: own, symbol: 'WETH9', decimals: 18 };
    const chain = described(1, {
      name: 'mine',
      base: token,
      nativePriceUsd: '3000',
      contracts: { permit2: own },
      hyperlaneDomain: 7,
      universalRouterVersion: '2.1.1',
      resetAllowance: [own],
    });
    const [completed] = parseConfig(book([chain])).chains;
    expect(completed).toMatchObject({
      name: 'mine',
      base: token,
      hyperlaneDomain: 7,
      universalRouterVersion: '2.1.1',
      resetAllowance: [own],
      contracts: { ...chainDescription(1).contracts, permit2: own },
    });
  });

  it('knows which tokens need their allowance reset', () => {
    const [chain] = parseConfig(book([described(1, { quote: 'USDT' })])).chains;
    expect(chain!.resetAllowance).toEqual([chain!.quote.address]);
  });

  it('asks for the price of a native coin that is not the underlying', () => {
    const error = refusal(book([described(1), described(137)]));
    expect(error).toMatchObject({ code: 'NATIVE_PRICE_MISSING', field: 'chains.1.nativePriceUsd' });
    expect(error.message).toMatch(/Polygon.*POL.*nativePriceUsd/);
    const [chain] = parseConfig(book([described(137, { nativePriceUsd: '0.25' })])).chains;
    expect(chain).toMatchObject({ nativePriceUsd: '0.25', nativeSymbol: 'POL' });
    expect(chain!.wrappedNative).not.toBe(chain!.base.address);
  });

  it('refuses a second price for the underlying', () => {
    expect(refusal(book([described(1, { nativePriceUsd: '3000' })]))).toMatchObject({
      code: 'INVALID_INPUT',
      field: 'chains.0.nativePriceUsd',
      value: '3000',
    });
  });

  it('names the field of a token that it does not have', () => {
    const error = refusal(book([described(8453, { quote: 'DOGE' })]));
    expect(error).toMatchObject({ code: 'UNKNOWN_TOKEN', field: 'chains.0.quote', value: 'DOGE' });
    expect(error.message).toContain('Use one of ETH, USDC, WETH');
  });

  it('takes no native coin for a token', () => {
    expect(refusal(book([described(8453, { base: 'ETH' })]))).toMatchObject({
      code: 'INVALID_INPUT',
      field: 'chains.0.base',
      value: 'ETH',
    });
  });

  it('has the public fees of Across, a foreign one has not', () => {
    expect(parseConfig(book([described(1), described(10)])).across).toEqual({ fees: { kind: 'api' } });
    expect(parseConfig(book([described(1), foreign()])).across).toBeUndefined();
  });
});

describe('a chain that is not described', () => {
  it('brings its own tokens and contracts', () => {
    const [chain] = parseConfig(book([foreign()])).chains;
    expect(chain).toMatchObject({
      name: 'chain 31337',
      hyperlaneDomain: 31337,
      universalRouterVersion: '2.0',
      resetAllowance: [],
      wrappedNative: `0x${'11'.repeat(20)}`,
      contracts: { uniswapV3Factory: `0x${'33'.repeat(20)}` },
    });
    const [other] = parseConfig(book([foreign({ nativePriceUsd: '2' })])).chains;
    expect(other!.wrappedNative).toBeUndefined();
  });

  it.each([
    ['no contracts', { contracts: {} }, 'chains.0.id'],
    ['a symbol for its underlying', { base: 'WETH' }, 'chains.0.base'],
    ['a symbol for its numeraire', { quote: 'USDC' }, 'chains.0.quote'],
  ])('is refused with %s', (_, change, field) => {
    expect(refusal(book([foreign(change)]))).toMatchObject({ code: 'UNKNOWN_CHAIN', field, value: 31337 });
  });
});

describe('a number that cannot be meant', () => {
  const limits = (change: object): object => book([described(1)], { limits: change });

  it.each([
    ['slippage of 200 %', limits({ slippageBps: 20_000 }), 'limits.slippageBps', 20_000, /at most 1000 bps/],
    ['a negative cost', limits({ maxCostBps: -1 }), 'limits.maxCostBps', -1, /negative/],
    [
      'a disagreement of 200 %',
      limits({ maxDisagreementPercent: 200 }),
      'limits.maxDisagreementPercent',
      200,
      /at most 25/,
    ],
    [
      'NaN',
      book([described(1)], { annualVolatilityPercent: Number.NaN }),
      'annualVolatilityPercent',
      Number.NaN,
      /NaN/,
    ],
    [
      'infinity',
      book([described(1)], { annualVolatilityPercent: Infinity }),
      'annualVolatilityPercent',
      Infinity,
      /1000/,
    ],
    [
      'a negative volatility',
      book([described(1)], { annualVolatilityPercent: -65 }),
      'annualVolatilityPercent',
      -65,
      /above zero/,
    ],
    [
      'a number for a decimal',
      book([described(137, { nativePriceUsd: 0.25 })]),
      'chains.0.nativePriceUsd',
      0.25,
      /string/,
    ],
    ['a negative price', book([described(137, { nativePriceUsd: '-1' })]), 'chains.0.nativePriceUsd', '-1', /positive/],
    [
      'a span that outlives its intent',
      book([described(1)], { schedule: { kind: 'twap', spanSeconds: 1801 } }),
      'schedule.spanSeconds',
      1801,
      /deadlineSeconds/,
    ],
    [
      'slices without time',
      book([described(1)], { schedule: { kind: 'optimal', spanSeconds: 0 } }),
      'schedule.spanSeconds',
      0,
      /no time/,
    ],
    ['no slices', book([described(1)], { schedule: { kind: 'twap', maxParts: 0 } }), 'schedule.maxParts', 0, />=1/],
    ['an exponent', book([described(1)], { policy: { lotUnits: '1e-4' } }), 'policy.lotUnits', '1e-4', /plain decimal/],
    [
      'too many decimals',
      book([foreign({ quote: { address: `0x${'22'.repeat(20)}`, symbol: 'X', decimals: 99 } })]),
      'chains.0.quote.decimals',
      99,
      /36/,
    ],
  ])('%s is refused by field and value', (_, config, field, value, message) => {
    const error = refusal(config);
    expect(error).toMatchObject({ code: 'INVALID_INPUT', field, value });
    expect(error.message).toMatch(message);
  });

  it.each([
    ['limits', { limits: { slippage: 30 } }, 'limits.slippage', 'slippageBps'],
    ['limits', { limits: { deadline: 1800 } }, 'limits.deadline', 'deadlineSeconds'],
    ['the top', { annualVolatility: 65 }, 'annualVolatility', 'annualVolatilityPercent'],
    ['a chain', { chains: [described(137, { nativePrice: '1' })] }, 'chains.0.nativePrice', 'nativePriceUsd'],
  ])('without its unit in %s it is answered with the key that has one', (_, change, field, key) => {
    const error = refusal({ ...book([described(1)]), ...change });
    expect(error).toMatchObject({ code: 'INVALID_INPUT', field });
    expect(error.message).toContain('does not say its unit');
    expect(error.message).toContain(`Write ${key}`);
  });

  it('an unknown key inside of a token names those that there are', () => {
    const error = refusal(book([foreign({ base: { address: `0x${'11'.repeat(20)}`, symbol: 'WETH', places: 18 } })]));
    expect(error).toMatchObject({ code: 'INVALID_INPUT', field: 'chains.0.base.places' });
    expect(error.message).toContain('address, symbol, decimals');
  });
});
