import * as v from 'valibot';
import { ACCOUNTS } from '../../devnet/src/build/accounts.js';
import { cli, documentIn, failureIn, holdsKey, inProcess } from './cli-process.js';

jest.setTimeout(180_000);

const number = v.pipe(v.number(), v.finite());
const side = v.looseObject({
  adapter: v.string(),
  chainId: v.number(),
  costBps: number,
  holdingCostBpsPerDay: number,
});
/** What a program may rely on. */
const documentSchema = v.looseObject({
  outcome: v.literal('settled'),
  pnl: v.strictObject({ options: number, hedges: number, costs: number, total: number, unattributed: number }),
  costs: v.strictObject({
    byKind: v.strictObject({ optionSpread: number, trading: number, funding: number, interest: number, gas: number }),
    total: number,
  }),
  efficiency: v.looseObject({ efficiency: number, optimum: v.looseObject({ cost: number }) }),
  instruments: v.pipe(
    v.array(
      v.looseObject({
        ...side.entries,
        deltaUnits: number,
        why: v.picklist(['policy', 'move', 'expiry']),
        competitors: v.array(side),
      }),
    ),
    v.minLength(1),
  ),
  events: v.array(v.looseObject({ code: v.string() })),
  books: v.array(v.looseObject({ chainId: v.number(), unexplainedAtoms: v.string() })),
  unexplainedAtoms: v.string(),
});

test('real options are hedged with whatever is cheapest until they are settled, and every atom is explained', async () => {
  const ended = await cli(['demo', '--book', 'options', '--json', '--step-hours', '56']);
  const document = v.parse(documentSchema, documentIn(ended));
  expect(ended.code).toBe(0);
  expect(document.unexplainedAtoms).toBe('0');
  expect(new Set(document.books.map(({ chainId }) => chainId)).size).toBe(3);
  expect(document.events.filter(({ code }) => code === 'OPTIONS_SETTLED')).toHaveLength(2);
  const policy = document.instruments.filter(({ why }) => why === 'policy');
  expect(policy.length).toBeGreaterThan(0);
  for (const { competitors, costBps } of policy) {
    expect(competitors.length).toBeGreaterThan(2);
    // Ordered by cost with its uncertainty, of which the perpetual has some.
    expect(costBps).toBeLessThanOrEqual(Math.min(...competitors.map((each) => each.costBps)) + 20);
  }
  // All that was opened is closed.
  expect(document.instruments.reduce((sum, { deltaUnits }) => sum + deltaUnits, 0)).toBeCloseTo(0, 2);
  const { costs, pnl } = document;
  expect(pnl.options + pnl.hedges + pnl.costs).toBeCloseTo(pnl.total, 3);
  expect(Object.values(costs.byKind).reduce((sum, cost) => sum + cost, 0)).toBeCloseTo(costs.total, 9);
  // The best in hindsight pays for its trades as well.
  expect(document.efficiency.efficiency).toBeGreaterThan(0.02);
  expect(document.efficiency.optimum.cost).toBeGreaterThan(0);
  expect(holdsKey(ended.stdout, ACCOUNTS.owner.privateKey)).toBe(false);
});

test('a dry run says what the first hedge would be, and sends nothing of it', async () => {
  const ended = await inProcess(['demo', '--book', 'options', '--dry-run', '--json', '--seed', '2']);
  expect(ended.code).toBe(0);
  expect(documentIn(ended)).toMatchObject({
    outcome: 'dry-run',
    pnl: null,
    looks: [{ decision: { action: 'trade' } }],
    instruments: [{ adapter: expect.any(String), competitors: expect.any(Array), deltaUnits: expect.any(Number) }],
    unexplainedAtoms: '0',
  });
});

test.each([[['--delta-change', '1']], [['--schedule', 'twap']]])('refuses %j', async (more) => {
  const failure = failureIn(await inProcess(['demo', '--book', 'options', '--json', ...more]));
  expect(failure).toMatchObject({ code: 'BOOK_OPTION', exitCode: 1 });
});
