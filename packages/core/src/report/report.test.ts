import fc from 'fast-check';
import { Decimal } from '../model/decimal.js';
import { NATIVE_ADDRESS, type Token, type TokenAmount } from '../model/token.js';
import { costAttribution, type SwapRecord } from './cost-attribution.js';
import { BalanceMissingError, FlowInvalidError, PriceMissingError } from './errors.js';
import { type ExecutionReport, reportToJson } from './execution-report.js';
import { rebalancingEfficiency } from './rebalancing-efficiency.js';
import { type Flow, type FlowKind, reconcile } from './reconcile.js';

const at = (chainId: number, byte: string): Pick<Token, 'chainId' | 'address'> => {
  return { chainId, address: `0x${byte.repeat(20)}` };
};
const usdc: Token = { ...at(1, '11'), symbol: 'USDC', decimals: 6 };
const weth: Token = { ...at(1, '22'), symbol: 'WETH', decimals: 18 };
const far: Token = { ...at(2, '11'), symbol: 'USDC', decimals: 6 };
const ether: Token = { chainId: 1, address: NATIVE_ADDRESS, symbol: 'ETH', decimals: 18 };

let counter = 0;
function flow(kind: FlowKind, token: Token, atoms: bigint): Flow {
  return { id: `f${(counter += 1)}`, kind, token, atoms, txHash: '0xabc' };
}
const of = (token: Token, atoms: bigint): TokenAmount => ({ token, atoms });

/** Sells 1 WETH for 1,990 USDC, of which 500 are bridged and 499 arrive. */
const flows = [
  flow('swap-in', weth, -(10n ** 18n)),
  flow('swap-out', usdc, 1_990_000_000n),
  flow('gas', ether, -(10n ** 15n)),
  flow('message-fee', ether, -(10n ** 14n)),
  flow('bridge-sent', usdc, -500_000_000n),
  flow('bridge-received', far, 499_000_000n),
];
const opening = [of(weth, 2n * 10n ** 18n), of(usdc, 0n), of(ether, 10n ** 18n), of(far, 7n)];
const closing = [
  of(weth, 10n ** 18n),
  of(usdc, 1_490_000_000n),
  of(ether, 10n ** 18n - 11n * 10n ** 14n),
  of(far, 499_000_007n),
];

describe('reconcile', () => {
  test('opening and every recorded flow make closing, per chain and token', () => {
    const books = reconcile({ opening, flows, closing });
    expect(books).toMatchObject({ exact: true, unexplainedAtoms: 0n });
    expect(books.lines).toHaveLength(4);
    expect(books.lines[1]).toMatchObject({
      flowsByKind: { 'swap-out': 1_990_000_000n, 'bridge-sent': -500_000_000n },
      unexplainedAtoms: 0n,
    });
  });

  test('a flow that nobody recorded is unexplained to the atom, and opposite ones do not cancel', () => {
    const off = closing.map(({ atoms, token }) =>
      of(token, token === usdc ? atoms + 5n : token === far ? atoms - 5n : atoms),
    );
    const books = reconcile({ opening, flows, closing: off });
    expect(books).toMatchObject({ exact: false, unexplainedAtoms: 10n });
  });

  test('whatever the flows: exact when closing is their sum, off by exactly what is changed', () => {
    const token = fc.constantFrom(usdc, weth, far);
    const moves = fc.array(fc.tuple(token, fc.bigInt(-(10n ** 30n), 10n ** 30n)), { maxLength: 20 });
    fc.assert(
      fc.property(moves, fc.bigInt(-1000n, 1000n), (some, error) => {
        const recorded = some.map(([each, atoms]) => flow('transfer', each, atoms));
        const start = [usdc, weth, far].map((each) => of(each, 10n ** 32n));
        const end = start.map(({ atoms, token: each }) =>
          of(
            each,
            recorded.filter((one) => one.token === each).reduce((sum, one) => sum + one.atoms, atoms),
          ),
        );
        expect(reconcile({ opening: start, flows: recorded, closing: end }).exact).toBe(true);
        const wrong = [of(usdc, end[0]!.atoms + error), ...end.slice(1)];
        const { unexplainedAtoms } = reconcile({ opening: start, flows: recorded, closing: wrong });
        expect(unexplainedAtoms).toBe(error < 0n ? -error : error);
      }),
    );
  });

  test('a balance that was not read is unknown, not zero', () => {
    expect(() => reconcile({ opening, flows, closing: closing.slice(1) })).toThrow(BalanceMissingError);
    expect(() => reconcile({ opening: opening.slice(1), flows, closing })).toThrow(BalanceMissingError);
  });

  test('a flow twice, a balance twice, a wrong sign and a strange kind are refused', () => {
    const wrong: Flow[][] = [
      [...flows, flows[0]!],
      [...flows, flow('gas', ether, 1n)],
      [...flows, flow('bridge-received', far, -1n)],
      [...flows, flow('tip' as FlowKind, ether, -1n)],
    ];
    for (const each of wrong) {
      expect(() => reconcile({ opening, flows: each, closing })).toThrow(FlowInvalidError);
    }
    expect(() => reconcile({ opening: [...opening, opening[0]!], flows, closing })).toThrow(FlowInvalidError);
  });
});

describe('costAttribution', () => {
  const prices = [
    { token: weth, price: '2000', source: 'feed' },
    { token: usdc, price: '1', source: 'feed' },
    { token: far, price: '1', source: 'feed' },
    { token: ether, price: '2000', source: 'feed' },
  ];
  /** 5 bp fee, mid at 1,999, promised 1,995, arrived 1,990. */
  const swap: SwapRecord = {
    input: of(weth, 10n ** 18n),
    output: of(usdc, 1_990_000_000n),
    quotedOutputAtoms: 1_995_000_000n,
    feeAtoms: 5n * 10n ** 14n,
    midPrice: '1999',
    roundingAtoms: '0.5',
  };

  test('splits what a sale cost by kind, and the kinds sum to what the flows lost', () => {
    const costs = costAttribution({ swaps: [swap], flows, prices });
    expect(costs.byKind).toEqual({
      fee: '1',
      spread: '0.9995',
      impact: '3.0004995',
      rounding: '0.0000005',
      delay: '5',
      bridge: '1',
      message: '0.2',
      gas: '2',
    });
    expect(costs.total).toBe('13.2');
    expect(costs.unattributed).toBe('0');
  });

  test('a swap that was not recorded stands out', () => {
    expect(costAttribution({ swaps: [], flows, prices }).unattributed).toBe('10');
  });

  test('whatever the quote, a swap’s kinds sum to the value that it lost', () => {
    const atoms = fc.bigInt(10n ** 9n, 10n ** 24n);
    const price = fc.integer({ min: 1, max: 10 ** 9 }).map((n) => new Decimal(n).shiftedBy(-4).toFixed());
    const record = fc.record({ spent: atoms, got: atoms, quoted: atoms, feeShare: fc.bigInt(0n, 9999n), mid: price });
    fc.assert(
      fc.property(record, price, price, ({ feeShare, got, mid, quoted, spent }, p, q) => {
        const one: SwapRecord = {
          input: of(weth, spent),
          output: of(usdc, got),
          quotedOutputAtoms: quoted,
          feeAtoms: (spent * feeShare) / 10_000n,
          midPrice: mid,
          roundingAtoms: '0.25',
        };
        const moved = [flow('swap-in', weth, -spent), flow('swap-out', usdc, got)];
        const stated = [
          { token: weth, price: p, source: 'feed' },
          { token: usdc, price: q, source: 'feed' },
        ];
        const costs = costAttribution({ swaps: [one], flows: moved, prices: stated });
        expect(costs.unattributed).toBe('0');
        const sum = Object.values(costs.byKind).reduce((total, each) => total.plus(each), new Decimal(0));
        expect(sum.toFixed()).toBe(costs.total);
      }),
    );
  });

  test('a token without a price is refused, not valued at nothing', () => {
    expect(() => costAttribution({ swaps: [swap], flows, prices: prices.slice(0, 3) })).toThrow(PriceMissingError);
  });
});

describe('rebalancingEfficiency', () => {
  test('is the optimum’s cost and risk over the realised', () => {
    const result = rebalancingEfficiency({
      riskAversion: 0.02,
      optimum: { cost: 2, trackingVariance: 100 },
      realised: { cost: 3, trackingVariance: 200 },
    });
    expect(result).toEqual({
      efficiency: 0.6,
      optimum: { cost: 2, risk: 1, total: 3 },
      realised: { cost: 3, risk: 2, total: 5 },
    });
  });

  test('nothing against nothing is perfect; nothing against something is a mistake', () => {
    const none = { cost: 0, trackingVariance: 0 };
    expect(rebalancingEfficiency({ riskAversion: 1, optimum: none, realised: none }).efficiency).toBe(1);
    const some = { cost: 1, trackingVariance: 0 };
    const refused = expect.objectContaining({ code: 'INVALID_INPUT' });
    expect(() => rebalancingEfficiency({ riskAversion: 1, optimum: some, realised: none })).toThrow(refused);
    expect(() => rebalancingEfficiency({ riskAversion: Number.NaN, optimum: some, realised: some })).toThrow(refused);
  });
});

test('a report becomes plain JSON, atoms as strings', () => {
  const report: ExecutionReport = {
    underlying: 'ETH',
    outcome: 'hedged',
    reason: 'The delta is back in its band.',
    intentId: '0x01',
    delta: {
      before: { low: '12', high: '12' },
      target: '0',
      after: { low: '1', high: '1' },
      bandLow: '-2',
      bandHigh: '2',
    },
    costs: null,
    shortfall: null,
    reconciliation: reconcile({ opening, flows, closing }),
    efficiency: null,
    startedAtSeconds: 1,
    endedAtSeconds: 2,
  };
  const json = reportToJson(report);
  expect(JSON.parse(JSON.stringify(json))).toEqual(json);
  expect(json).toMatchObject({
    intentId: '0x01',
    reconciliation: { unexplainedAtoms: '0', lines: [{ openingAtoms: '2000000000000000000' }, {}, {}, {}] },
  });
});
