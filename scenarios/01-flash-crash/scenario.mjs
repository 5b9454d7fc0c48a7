// The price falls by a third in five minutes, gas costs fifty times as much, and the bridge is broken.
import { parseUnits } from 'ethers';

const WETH = '40';
/** Answers every call with a revert. */
const REVERTS = '0x60006000fd';
const ERC20_BALANCE = '0x70a08231';

async function inBridges({ world }) {
  let atoms = 0n;
  for (const { contracts, rpc, tokens } of world.chains) {
    const holder = contracts.acrossSpokePool.slice(2).toLowerCase().padStart(64, '0');
    for (const { address } of [tokens.WETH, tokens.USDC]) {
      atoms += BigInt(await rpc('eth_call', [{ to: address, data: `${ERC20_BALANCE}${holder}` }, 'latest']));
    }
  }
  return atoms;
}

export default {
  number: 1,
  title: 'Flash crash',
  story:
    'A V3 position and short puts; −30 % in 300 s, gas ×50 from the 60th second, the bridge reverts from the 30th. The delta comes back through local venues within its budget, or it is said that it waits; nothing is left in the broken bridge.',
  url: import.meta.url,
  tMaxSeconds: 900,
  world: {
    chains: 2,
    options: { optionType: 'put', sizeUnits: '-20', strikeNumeraire: '2800' },
    prepare: ({ owner, world }) => world.fund(world.chains[0].tokens.WETH, owner.address, parseUnits(WETH, 18)),
  },
  play: async ({ stage, path, record, expect, keep }) => {
    let held;
    stage.afterBlock(async ({ row }) => {
      if (row.venueState !== 'bridge-reverts' || held !== undefined) return;
      held = await inBridges(stage);
      for (const { contracts, rpc } of stage.world.chains)
        await rpc('anvil_setCode', [contracts.acrossSpokePool, REVERTS]);
    });
    const portfolio = (iv) => ({
      annualVolatilityPercent: Math.round(iv),
      policy: { targetDeltaUnits: WETH },
      limits: { maxCostBps: 100 },
      positions: {
        ...stage.config.positions,
        optionBook: { ...stage.config.positions.optionBook, volatilityAnnualPercent: String(Math.round(iv)) },
      },
      ripcord: { afterMinutes: 10 },
    });
    const agent = await stage.openAgent(portfolio(65));
    const kept = keep(agent);
    for (let t = 60; t <= path.endSeconds; t += 60) {
      await stage.runTo(t);
      // The desk quotes another volatility: the file changes, and is taken over while the agent runs.
      agent.apply(stage.fileOf(portfolio(path.at(t).iv)));
    }
    await kept.stop();

    const failed = record.events.filter(({ code }) => code === 'TRADE_FAILED');
    const deferred = record.events.filter(({ code }) =>
      ['COST_ABOVE_LIMIT', 'OUTSIDE_TOO_LONG', 'RIPCORD'].includes(code),
    );
    const last = record.samples.at(-1);
    expect(
      'the crash is traded',
      record.looks.some(({ t }) => t > 30),
      record.looks,
    );
    expect('the delta is back in its band, or it is said that it waits', !last.isOutside || deferred.length > 0, last);
    expect(
      'nothing is left in the broken bridge',
      (await inBridges(stage)) === held,
      'the bridge holds more than before',
    );
    expect(
      'no trade fails for the bridge',
      failed.every(({ sentence }) => !/across/i.test(sentence)),
      failed,
    );
    return { agent, failures: kept.failures };
  },
};
