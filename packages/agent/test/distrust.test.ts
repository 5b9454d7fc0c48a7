import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BridgeAdapter, PriceFeed, VenueAdapter } from '@evenkeel/core';
import type { RebalancerPorts } from '@evenkeel/core/rebalancer';
import type { PortfolioConfigInput } from '../src/config/schema.js';
import { actor, openStage, pairPools, pumpPools, type Stage, traces, withCalls } from './support.js';

// Nobody is believed: nodes, venues, bridges, feeds, sources. One that lies or fails stops only what depends on it.

jest.setTimeout(60_000);
let stage: Stage;
const servers: Server[] = [];
beforeAll(async () => {
  stage = await openStage({ chains: 2 });
}, 120_000);
afterEach(async () => {
  await stage.rewind();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});
afterAll(() => stage?.close());

/** A node that answers every question in the same way; undefined: not at all. */
async function nodeThatSays(body: string | undefined): Promise<string> {
  const server = createServer((_, response) => {
    if (body !== undefined) response.end(body);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The portfolio with the second chain behind another node. */
function behind(rpcUrl: string): Partial<PortfolioConfigInput> {
  const [first, second] = stage.config.chains;
  return { chains: [first!, { ...second!, rpcUrl }], limits: { solicitSeconds: 1.5 } };
}

async function expectNoTrace(run: () => Promise<void>): Promise<void> {
  const before = await traces(stage);
  await run();
  expect(await traces(stage)).toEqual(before);
}

describe.each([
  ['a page of HTML', '<html><body>502 Bad Gateway</body></html>'],
  ['garbage', '{"jsonrpc":"2.0","id":1,"result":"0xzz"}'],
  ['nothing', undefined],
])('a node that answers %s', (_, body) => {
  test('makes what is held there unknown: nothing is traded', async () => {
    const { rebalancer } = actor(stage, { config: behind(await nodeThatSays(body)) });
    await expectNoTrace(async () => {
      const { before, decision, report } = await rebalancer.rebalance();
      expect(before.silentChains).toMatchObject([{ chainId: 31_338, code: expect.stringMatching(/^RPC_/) }]);
      expect(before.exposure.unbounded.length).toBeGreaterThan(0);
      expect(decision).toMatchObject({ action: 'hold', reason: 'EXPOSURE_UNBOUNDED' });
      expect(report.outcome).toBe('held');
    });
  });
});

test('a silent chain on which there is no position keeps nobody from trading on the others', async () => {
  const positions = { ...stage.config.positions, holdings: false, uniswapV3: false };
  const { optionBook } = withCalls(stage.config, '-20').positions!;
  const config = { ...behind(await nodeThatSays('<html>')), positions: { ...positions, optionBook: optionBook! } };
  const { rebalancer } = actor(stage, { config });
  const { report, slices, signed } = await rebalancer.rebalance();
  expect(slices[0]!.route.hops.map(({ chainId }) => chainId)).toEqual(slices[0]!.route.hops.map(() => 31_337));
  expect(signed!.intent.spending.map(({ chainId }) => chainId)).toEqual([31_337]);
  expect(slices[0]!.execution.state).toBe('completed');
  expect(report.reconciliation).toMatchObject({ exact: true, unexplainedAtoms: 0n });
});

test('a position that reads as nothing for five polls moves nobody', async () => {
  const polls = { lies: false };
  const { journal, rebalancer } = actor(stage, {
    ports: ({ sources }) => ({
      sources: sources.map((source) => ({
        ...source,
        read: async (...args) => {
          const readings = await source.read(...args);
          return polls.lies ? readings.filter(({ id }) => !id.includes('short-call')) : readings;
        },
      })),
    }),
  });
  const first = await rebalancer.rebalance();
  expect(first.report.outcome).toBe('hedged');
  expect(first.before.readings.some(({ id }) => id.includes('short-call'))).toBe(true);
  polls.lies = true;
  await expectNoTrace(async () => {
    for (let poll = 0; poll < 5; poll++) {
      const { before, decision } = await rebalancer.rebalance();
      expect(before.changes).toMatchObject([{ code: 'POSITION_VANISHED' }]);
      expect(decision.action).toBe('hold');
    }
    polls.lies = false;
    const { before } = await rebalancer.rebalance({ dryRun: true });
    expect(before).toMatchObject({ changes: [], exposure: { widenings: [] } });
  });
  expect(await journal.decisions({ code: 'POSITION_VANISHED' })).toHaveLength(5);
});

test('a source that fails leaves an unknown, never a zero', async () => {
  const { rebalancer } = actor(stage, {
    ports: ({ sources }) => ({
      sources: [
        ...sources,
        { id: 'perpetuals', name: 'Perpetuals', read: () => Promise.reject(new Error('the index is down')) },
      ],
    }),
  });
  await expectNoTrace(async () => {
    const { before, decision } = await rebalancer.rebalance();
    expect(before.exposure.unbounded).toEqual(['perpetuals']);
    expect(decision).toMatchObject({ action: 'hold', reason: 'EXPOSURE_UNBOUNDED' });
    // Nor does a request overrule it.
    const { decision: requested } = await rebalancer.rebalance({ deltaChangeUnits: '1' });
    expect(requested).toMatchObject({ action: 'hold', reason: 'EXPOSURE_UNBOUNDED' });
  });
});

test('a venue that hangs and one that throws what is no error of ours are left behind', async () => {
  const [sample] = actor(stage).ports.venues;
  const bad = (id: string, liquidity: VenueAdapter['liquidity']): VenueAdapter => ({
    ...sample!,
    id,
    liquidity: liquidity!,
  });
  const { rebalancer } = actor(stage, {
    config: { limits: { solicitSeconds: 1.5 } },
    ports: ({ venues }) => ({
      venues: [
        ...venues,
        bad('hangs', () => new Promise(() => undefined)),
        bad('throws', () => Promise.reject(new TypeError('x is not a function'))),
      ],
    }),
  });
  const { before, report } = await rebalancer.rebalance();
  const refused = before.solicitation.refusals.map(({ adapter, code }) => `${adapter} ${code}`);
  expect(refused).toEqual(expect.arrayContaining(['hangs IGNORES_ABORT', 'throws ADAPTER_FAILED']));
  expect(report.outcome).toBe('hedged');
});

describe('a bridge whose firm quote', () => {
  const firm = (change: (bridge: BridgeAdapter) => Partial<BridgeAdapter>) => (ports: RebalancerPorts) => {
    let surveyed = false;
    return {
      ports: {
        bridges: ports.bridges.map((bridge) => ({
          ...bridge,
          quote: (...args: Parameters<BridgeAdapter['quote']>) =>
            surveyed ? change(bridge).quote!(...args) : bridge.quote(...args),
        })),
      },
      begin: () => {
        surveyed = true;
      },
    };
  };
  const cases: Record<string, (bridge: BridgeAdapter) => Partial<BridgeAdapter>> = {
    'is worse each time': (bridge) => {
      return {
        quote: async (request, signal) => {
          const quote = await bridge.quote(request, signal);
          const atoms = (quote.output.atoms * 9n) / 10n;
          const lost = { token: quote.output.token, atoms: quote.output.atoms - atoms };
          const fees = [...quote.fees, { kind: 'other', amount: lost, included: true } as const];
          return { ...quote, output: { ...quote.output, atoms }, minReceived: atoms, fees };
        },
      };
    },
    'never comes': () => ({ quote: () => new Promise(() => undefined) }),
    'is an error of somebody else': () => ({ quote: () => Promise.reject(new RangeError('boom')) }),
    'is for another amount': (bridge) => ({
      quote: (request, signal) => bridge.quote({ ...request, input: { ...request.input, atoms: 1_000_000n } }, signal),
    }),
  };
  test.each(Object.keys(cases))('%s loses its part, and the rest goes on', async (name) => {
    let begin = (): void => undefined;
    const { rebalancer } = actor(stage, {
      config: { limits: { solicitSeconds: 1.5 } },
      ports: (ports) => {
        const made = firm((bridge) => cases[name]!(bridge))(ports);
        begin = made.begin;
        return made.ports;
      },
    });
    rebalancer.on('decided', () => begin());
    const { before, slices } = await rebalancer.rebalance({ dryRun: true });
    expect(before.bridges.length).toBeGreaterThan(0);
    expect(slices[0]!.route.hops.map(({ kind }) => kind)).toEqual(slices[0]!.route.hops.map(() => 'swap'));
  });
});

describe('pools that were moved by 15 %', () => {
  const [home, away] = [0, 1];
  const feedOf = (value: string): PriceFeed => ({
    price: () => Promise.resolve({ value, asOf: { source: 'feed', timeSeconds: Math.floor(Date.now() / 1000) } }),
  });

  test.each([
    ['with a feed that stays', { prices: feedOf('3000') }],
    ['without a feed', {}],
  ])('%s: nothing is traded, and the log says why', async (_, ports) => {
    const chain = stage.world.chains[away]!;
    await pumpPools(stage, chain, pairPools(chain, ['uniswap-v2', 'uniswap-v3']), 15);
    const { rebalancer, journal } = actor(stage, { ports: () => ports });
    await expectNoTrace(async () => {
      await expect(rebalancer.rebalance()).rejects.toMatchObject({ code: 'PRICE_DISPUTED', retryable: true });
    });
    expect(await journal.decisions()).toMatchObject([{ code: 'PRICE_DISPUTED' }]);
  });

  test('but only a small one of them: it is left out, and the others serve', async () => {
    const chain = stage.world.chains[away]!;
    await pumpPools(stage, chain, pairPools(chain, ['uniswap-v2']), 15);
    const { rebalancer } = actor(stage);
    const { before, report } = await rebalancer.rebalance();
    const outlying = before.solicitation.refusals.filter(({ code }) => code === 'PRICE_OUTLYING');
    expect(outlying).toMatchObject([{ adapter: 'uniswap-v2', chainId: chain.id }]);
    expect(before.pools.some(({ id }) => id === outlying[0]!.poolId)).toBe(false);
    expect(report.outcome).toBe('hedged');
  });

  test('everywhere, and the feed with them: it is the market, and is traded', async () => {
    for (const index of [home, away]) {
      const chain = stage.world.chains[index]!;
      await pumpPools(stage, chain, pairPools(chain, ['uniswap-v2', 'uniswap-v3']), 15);
    }
    const { rebalancer } = actor(stage, {
      ports: () => ({ prices: feedOf('3450') }),
      portfolio: () => ({ nodeBudget: 40 }),
    });
    const { decision, before } = await rebalancer.rebalance({ dryRun: true });
    expect(Number(before.reference.price)).toBeGreaterThan(3400);
    expect(decision).toMatchObject({ action: 'trade' });
  });

  test.each([
    ['fails', { price: () => Promise.reject(new Error('down')) }],
    ['says nonsense', feedOf('NaN')],
    ['is stale', { price: () => Promise.resolve({ value: '3000', asOf: { source: 'feed', timeSeconds: 1 } }) }],
  ] satisfies [string, PriceFeed][])('a feed that %s confirms nothing', async (_, prices) => {
    const { rebalancer } = actor(stage, { ports: () => ({ prices }) });
    await expect(rebalancer.rebalance()).rejects.toMatchObject({ code: 'PRICE_DISPUTED' });
  });
});

test('without coin for the gas of every chain that takes part, nothing is sent on any', async () => {
  const owner = stage.world.accounts.owner.address;
  for (const chain of stage.world.chains) await chain.rpc('anvil_setBalance', [owner, '0x1']);
  const { rebalancer } = actor(stage);
  await expectNoTrace(async () => {
    await expect(rebalancer.rebalance()).rejects.toMatchObject({ code: 'GAS_FUNDS_MISSING' });
  });
});
