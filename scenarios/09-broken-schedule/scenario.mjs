// Ten slices of which hardly one goes as planned.
import { Transaction } from 'ethers';
import { pairPools } from '../harness/market.mjs';

/** So far from the price is seen of a pool in hard times, in ticks of a hundredth of a percent. */
const THIN_TICKS = 3;

/** Venues of which one pool is left, and of that what lies next to the price. */
function thinned(ports, isThin) {
  const narrow = ({ curve, ...pool }) => {
    const tickRange = { low: curve.tick - THIN_TICKS, high: curve.tick + THIN_TICKS };
    return {
      ...pool,
      curve: {
        ...curve,
        tickRange,
        ticks: curve.ticks.filter(({ tick }) => Math.abs(tick - curve.tick) <= THIN_TICKS),
      },
    };
  };
  return {
    ...ports,
    venues: ports.venues.map((venue) => ({
      ...venue,
      liquidity: async (request) => {
        const pools = await venue.liquidity(request);
        if (!isThin()) return pools;
        return pools
          .filter(({ curve }) => curve.kind === 'concentrated')
          .slice(0, 1)
          .map(narrow);
      },
    })),
  };
}

export default {
  number: 9,
  title: 'Broken schedule',
  story:
    'Ten slices. The price turns after the third, the fourth finds liquidity for a part of it only, somebody trades before the fifth so that it reverts, and from the sixth on no block takes the transactions until the intent has expired. What is left is worked out anew from the net delta each time.',
  url: import.meta.url,
  tMaxSeconds: 1500,
  world: { chains: 1 },
  play: async ({ stage, path, record, expect, keep }) => {
    const [chain] = stage.world.chains;
    const routers = new Set([chain.contracts.uniswapV2Router, chain.contracts.uniswapV3SwapRouter02]);
    let isDone = false;
    stage.beforeBlock(async ({ row, sent }) => {
      if (row.venueState === 'not-included') await stage.drop(chain, sent);
      if (row.venueState !== 'front-run' || isDone) return;
      if (!sent.some(({ raw }) => routers.has(Transaction.from(raw).to))) return;
      isDone = true;
      await stage.frontRun(chain, sent, () => stage.pump(chain, pairPools(chain), 3));
    });
    const agent = await stage.openAgent(
      {
        schedule: { kind: 'twap', maxParts: 10, spanSeconds: 600, recoverySeconds: 30 },
        limits: { deadlineSeconds: 780 },
      },
      { extend: (ports) => thinned(ports, () => path.at(stage.seconds()).venueState === 'thin') },
    );
    const kept = keep(agent);
    await stage.runTo(path.endSeconds);
    await kept.stop();

    const slices = record.looks;
    const crossing = slices.filter(({ delta, units }) => {
      const near = Math.min(Math.abs(Number(delta.low)), Math.abs(Number(delta.high)));
      return Math.abs(units) > near + 1e-6;
    });
    const intents = record.events.filter(({ code }) => code === 'INTENT_SIGNED');
    const [first] = intents;
    const planned = Number(first?.details.deltaChangeUnits ?? 0);
    const ofFirst = record.events.filter(({ details }) => details?.intentId === first?.details.intentId);
    expect('there are more slices than one', slices.length >= 6, slices.length);
    expect('no slice carries the delta across zero', crossing.length === 0, crossing);
    const thin = slices.filter(
      ({ asked, t, units }) => path.at(t).venueState === 'thin' && Math.abs(units) < 0.9 * asked,
    );
    expect('one slice is filled in part', thin.length > 0, slices);
    expect(
      'one slice reverts and is planned anew',
      ofFirst.some(({ code }) => code === 'STEP_REVERTED'),
      ofFirst.map(({ code }) => code),
    );
    const expired = ofFirst.some(({ code }) => code === 'INTENT_EXPIRED' || code === 'STEP_CANCELLED');
    expect(
      'the slice that no block took has expired, and its nonce is free',
      expired,
      ofFirst.map(({ code }) => code),
    );
    const weth = chain.tokens.WETH.address.toLowerCase();
    const flows = (await agent.journal.flows()).filter(
      ({ kind, token }) => kind === 'swap' && token.toLowerCase() === weth,
    );
    const bought = flows.reduce((sum, { atoms }) => sum + Number(atoms) / 1e18, 0);
    expect('after the turn less is bought than was planned', bought < planned, { bought, planned });
    const last = record.samples.at(-1);
    expect('it ends in its band', last.code === 'INSIDE_BAND', last);
    return { agent, failures: kept.failures };
  },
};
