// Pools that somebody moves are no market; pools and feeds together are.
import { parseAgentConfig } from '@evenkeel/agent';
import { pairPools } from '../harness/market.mjs';
import { agentFile } from '../harness/stage.mjs';

const STAKED = { chainId: 31_337, address: `0x${'57'.repeat(20)}`, symbol: 'stETH', decimals: 18 };
const STAKED_UNITS = 10n;

/** A feed that says the price outside, and a holding of staked ETH that the market may pay less for. */
function witnessed(ports, stage, path) {
  const now = () => path.at(stage.seconds());
  const asOf = (source) => ({ source, timeSeconds: Math.floor(ports.clock.now() / 1000) });
  return {
    ...ports,
    prices: { price: () => Promise.resolve({ value: now().price.toFixed(6), asOf: asOf('feed') }) },
    sources: [
      ...ports.sources,
      {
        id: 'staked',
        name: 'Staked ETH',
        read: () =>
          Promise.resolve([
            {
              status: 'known',
              id: 'staked',
              label: 'staked ETH',
              position: {
                kind: 'rate-bearing',
                amount: { token: STAKED, atoms: STAKED_UNITS * 10n ** 18n },
                rate: '1.2',
                basisRatio: now().venueState === 'staked-8-percent' ? '0.92' : '1',
              },
              asOf: asOf('staked'),
            },
          ]),
      },
    ],
  };
}

/** How a configuration is refused. */
function refusal(stage, portfolio) {
  try {
    parseAgentConfig(agentFile(stage.config, portfolio, {}));
    return undefined;
  } catch (error) {
    return error.code;
  }
}

export default {
  number: 10,
  title: 'Manipulation or truth',
  story:
    'Somebody moves the pools by 15 % while the feed stands: nothing is traded. Then pools and feed both rise by 15 %: that is the market, and is traded. Staked ETH loses 8 % against ETH: only what its delta has lost may be traded. A guard of 200 % is refused when the file is read.',
  url: import.meta.url,
  tMaxSeconds: 300,
  world: { chains: 1 },
  play: async ({ stage, path, record, expect, keep }) => {
    const [chain] = stage.world.chains;
    let isMoved = false;
    stage.afterBlock(async ({ row }) => {
      const isWanted = row.venueState === 'pools-moved';
      if (isWanted === isMoved) return;
      isMoved = isWanted;
      if (isWanted) await stage.pump(chain, pairPools(chain), 15);
      else await stage.arbitrage();
    });
    const agent = await stage.openAgent({}, { extend: (ports) => witnessed(ports, stage, path) });
    const kept = keep(agent);
    await stage.runTo(path.endSeconds);
    await kept.stop();

    const between = (from, to) => record.events.filter(({ t }) => t >= from && t < to);
    const orders = (from, to) => between(from, to).filter(({ code }) => code === 'INTENT_SIGNED');
    const isThere = (found, code) => found.some((each) => each.code === code);
    expect('the book is hedged before', orders(0, 120).length > 0, between(0, 120));
    expect('no trade while only the pools say so', orders(120, 192).length === 0, orders(120, 192));
    const quiet = between(120, 192);
    const price = record.samples.filter(({ t }) => t > 120 && t < 180);
    expect(
      'and the reason is told',
      isThere(quiet, 'PRICE_DISPUTED') || price.every(({ action }) => action === 'hold'),
      quiet,
    );
    expect('a trade when the feed says so, too', orders(240, 420).length > 0, between(240, 420));
    const lost = Number(STAKED_UNITS) * 1.2 * 0.08;
    const late = orders(420, 700).map(({ details }) => Math.abs(Number(details.deltaChangeUnits)));
    expect(
      'staked ETH moves no more than its own delta',
      late.every((units) => units <= lost * 1.5),
      late,
    );
    expect(
      'a guard of 200 % is refused',
      refusal(stage, { limits: { maxDisagreementPercent: 200 } }) === 'INVALID_INPUT',
      refusal(stage, { limits: { maxDisagreementPercent: 200 } }),
    );
    expect(
      'and so is a slippage of 200 %',
      refusal(stage, { limits: { slippageBps: 20_000 } }) === 'INVALID_INPUT',
      refusal(stage, { limits: { slippageBps: 20_000 } }),
    );
    return { agent, failures: kept.failures };
  },
};
