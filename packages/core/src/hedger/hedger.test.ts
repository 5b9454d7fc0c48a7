import fc from 'fast-check';
import { encodeApprove } from '../guard/token-calls.js';
import type { Call } from '../model/call.js';
import type { CostCurve } from '../model/cost-curve.js';
import type { Token } from '../model/token.js';
import type { Account } from '../ports/account.js';
import type { TradeQuote } from '../ports/instrument.js';
import { instrumentProgramme, spendsOf } from './programme.js';
import { routedSpot } from './routed-spot.js';

const SPOT = 3_000;
const VENUE = '0x2222222222222222222222222222222222222222';
const token = (symbol: string, digit: string, decimals: number): Token => ({
  chainId: 1,
  address: `0x${digit.repeat(40)}`,
  symbol,
  decimals,
});
const [usdc, weth] = [token('USDC', 'a', 6), token('WETH', 'b', 18)];

const call = (purpose: Call['purpose'], to = VENUE, data: Call['data'] = '0x12345678'): Call => ({
  chainId: 1,
  to: to as Call['to'],
  data,
  valueWei: 0n,
  purpose,
  description: purpose,
});
const approval = ({ address }: Token, atoms: bigint): Call => call('approve', address, encodeApprove(VENUE, atoms));

const quote = (flows: TradeQuote['flows']): TradeQuote => ({
  id: 'q',
  adapter: 'loan',
  chainId: 1,
  instrument: 'WETH',
  units: '-1',
  flows,
  greeks: { deltaUnits: -1, gammaPerUnit: 0, vegaPerPoint: 0, thetaPerDay: 0 },
  cost: 1,
  basis: 0,
  carryPerDay: 0,
  tiedUp: 0,
  closingCost: 1,
  gas: [],
  closingGas: [],
  validUntil: 1,
  asOf: { source: 'loan', timeSeconds: 0 },
  payload: null,
});

const account = (atomicBatch: boolean): Account => ({ id: 'eoa', capabilities: { atomicBatch } }) as unknown as Account;

describe('what a trade may spend', () => {
  const atoms = fc.bigInt(0n, 10n ** 24n);

  test('covers what it takes and what it lets be taken, and no token that it only brings', () => {
    fc.assert(
      fc.property(atoms, atoms, atoms, fc.integer({ min: 0, max: 1_000 }), (paid, brought, approved, slippageBps) => {
        const flows = [
          { token: usdc, atoms: -paid },
          { token: weth, atoms: brought },
        ];
        const spends = spendsOf({ flows }, [approval(weth, approved), call('action')], slippageBps);
        const of = (one: Token): bigint => spends.find((each) => each.token === one)?.atoms ?? 0n;
        expect(of(usdc) * 10_000n).toBeGreaterThanOrEqual(paid * BigInt(10_000 + slippageBps));
        expect(of(usdc) * 10_000n).toBeLessThan(paid * BigInt(10_000 + slippageBps) + 10_000n);
        // What is borrowed and sold at once is approved, though none of it is missing in the end.
        expect(of(weth)).toBe(approved);
      }),
    );
  });
});

describe('the programme', () => {
  const flows = [
    { token: usdc, atoms: -5_000_000n },
    { token: weth, atoms: 1_000_000n },
  ];
  const spends = [{ token: usdc, atoms: 5_025_000n }];
  const of = (calls: readonly Call[], batches: boolean) =>
    instrumentProgramme({
      intentId: `0x${'1'.repeat(64)}`,
      account: account(batches),
      quote: quote(flows),
      calls,
      spends,
      slippageBps: 50,
    }).steps.map((step) => (step.kind === 'calls' ? step : undefined)!);

  test('is one step for each call, one after another, and demands what one step brings', () => {
    const steps = of([approval(usdc, 5n), call('action'), call('revoke')], false);
    expect(steps.map(({ after, id, role }) => [id, role, after])).toEqual([
      ['approve', 'approve', []],
      ['trade', 'swap', ['approve']],
      ['revoke', 'revoke', ['trade']],
    ]);
    expect(steps.map(({ spends: each }) => each)).toEqual([[], spends, []]);
    expect(steps.map(({ receives }) => receives)).toEqual([[], [{ token: weth, atoms: 995_000n }], []]);
  });

  test('leaves what several steps bring to the bounds of the venue', () => {
    const steps = of([call('action'), approval(usdc, 5n), call('action')], false);
    expect(steps.map(({ id, receives }) => [id, receives])).toEqual([
      ['trade', []],
      ['approve', []],
      ['trade-2', []],
    ]);
  });

  test('is one step where the account makes calls atomic', () => {
    const steps = of([approval(usdc, 5n), call('action'), call('action')], true);
    expect(steps).toMatchObject([
      { id: 'trade', calls: { length: 3 }, spends, receives: [{ token: weth, atoms: 995_000n }] },
    ]);
  });
});

describe('spot among instruments', () => {
  const curve = (side: CostCurve['side'], bps: number): CostCurve => ({
    side,
    referencePrice: SPOT,
    fixedCost: 2,
    points: [1, 10].map((sizeUnits) => {
      const perUnit = SPOT * bps * 1e-4;
      return { sizeUnits, cost: 2 + sizeUnits * perUnit, marginalCost: perUnit };
    }),
  });
  const contender = routedSpot({
    underlying: 'ETH',
    curves: { buy: curve('buy', 5), sell: curve('sell', 7) },
    chainId: 1,
    atSeconds: 1,
    spot: SPOT,
    heldUnits: '0',
    gasCost: (gas) => gas.reduce((sum, { units }) => sum + Number(units) * 1e-5, 0),
  });
  const ask = (units: string) =>
    contender.adapter.quote(
      { chainId: 1, instrument: 'ETH', units, owner: VENUE, spot: SPOT, slippageBps: 50, deadline: 9 },
      new AbortController().signal,
    );

  test('costs what the curves say, binds its price, and is closed on the other side', async () => {
    const bought = await ask('4');
    expect(bought.cost).toBeCloseTo(4 * 1.5, 9);
    expect(bought.closingCost).toBeCloseTo(4 * 2.1, 9);
    expect(bought).toMatchObject({ tiedUp: 12_000, gas: [{ units: 200_000n }], closingGas: [{ units: 200_000n }] });
    expect(await ask('-4')).toMatchObject({ tiedUp: -12_000, greeks: { deltaUnits: -4 } });
  });

  test('takes no more than the curves reach', async () => {
    await expect(ask('10.5')).rejects.toMatchObject({ code: 'NO_SPOT_ROUTE' });
    await expect(ask('-10')).resolves.toMatchObject({ units: '-10' });
  });
});
