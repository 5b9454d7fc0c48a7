// One of two chains stops for eighty minutes, and for ten blocks after that its pools know nothing of what has happened.
import { parseUnits, Transaction } from 'ethers';

const BLOCK_SECONDS = 60;
/** Ten blocks after the chain goes on. */
const CAUGHT_UP_SECONDS = 5460;
const RICH = '0x21e19e0c9bab2400000';

export default {
  number: 5,
  title: 'Halted chain',
  story:
    'The second chain stops while a swap waits in its mempool. Outside the price falls by 12 %. After 80 minutes the chain goes on, for ten blocks with prices from before. The swap that waited is cancelled, nothing is traded at a stale price, and what is needed then is quoted anew.',
  url: import.meta.url,
  tMaxSeconds: 2400,
  world: {
    chains: 2,
    blockSeconds: BLOCK_SECONDS,
    prepare: ({ owner, world }) => world.fund(world.chains[1].tokens.USDC, owner.address, parseUnits('30000', 6)),
  },
  play: async ({ stage, path, record, expect, keep }) => {
    const [, chain] = stage.world.chains;
    const { arbitrageur } = stage.world.accounts;
    const mined = [];
    let state = 'open';
    stage.beforeBlock(async ({ row, sent, t }) => {
      if (state === 'open' && row.venueState === 'halted') {
        // Whoever brings prices there cannot while it stands, nor for ten blocks after.
        await chain.rpc('anvil_setBalance', [arbitrageur.address, '0x0']);
        stage.halted.add(chain.id);
      }
      if (state === 'halted' && row.venueState === 'stale') stage.halted.delete(chain.id);
      if (state === 'stale' && row.venueState === 'open')
        await chain.rpc('anvil_setBalance', [arbitrageur.address, RICH]);
      state = row.venueState;
      for (const { raw, url } of sent) {
        const { data, to } = Transaction.from(raw);
        if (url.startsWith(chain.rpcUrl)) mined.push({ t, to, isCancellation: data === '0x' });
      }
    });
    let isCaughtUp = false;
    stage.afterBlock(async ({ t }) => {
      if (isCaughtUp || t < CAUGHT_UP_SECONDS) return;
      isCaughtUp = true;
      await stage.arbitrage();
    });
    const agent = await stage.openAgent(
      {
        adapters: ['uniswap-v2', 'uniswap-v3'],
        limits: { deadlineSeconds: 1800, maxBlockAgeSeconds: 300 },
        pollMs: 30_000,
        policy: { monitoringSeconds: 120 },
      },
      {
        extend: (ports) => ({
          ...ports,
          prices: {
            price: () =>
              Promise.resolve({
                value: path.at(stage.seconds()).price.toFixed(6),
                asOf: { source: 'feed', timeSeconds: Math.floor(ports.clock.now() / 1000) },
              }),
          },
        }),
      },
    );
    const kept = keep(agent, 120);
    await stage.runTo(path.endSeconds);
    await kept.stop();

    const routes = record.looks.filter(
      ({ chainIds, t }) => chainIds.includes(chain.id) && t > BLOCK_SECONDS && t < CAUGHT_UP_SECONDS,
    );
    expect(
      'a transaction waits when the chain stops',
      mined.some(({ t }) => t <= 2 * BLOCK_SECONDS),
      mined,
    );
    expect('nothing is routed over a chain that stands, or whose prices are stale', routes.length === 0, routes);
    const isCancelled = record.events.some(({ code, t }) => code === 'STEP_CANCELLED' && t >= 4800);
    expect('what waited is cancelled', isCancelled, record.events.map(({ code, t }) => `${t} ${code}`).slice(-40));
    const told = record.events.some(({ code, t }) => code === 'OUTSIDE_TOO_LONG' && t < 4800);
    expect(
      'that the delta is open meanwhile is told',
      told,
      record.events.filter(({ kind }) => kind === 'alert'),
    );
    expect('it ends in its band', record.samples.at(-1).code === 'INSIDE_BAND', record.samples.at(-1));
    return { agent, failures: kept.failures };
  },
};
