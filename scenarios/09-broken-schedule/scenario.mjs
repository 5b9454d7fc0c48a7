// Ten slices of which hardly one goes as planned.
import { pairPools } from '../harness/market.mjs';

export default {
  number: 9,
  title: 'Broken schedule',
  story:
    'Ten slices. The price turns after the third, somebody trades in one pool before the fourth so that only a part of it is filled, and from the sixth on no block takes the transactions until the intent has expired. What is left is worked out anew from the net delta each time.',
  url: import.meta.url,
  tMaxSeconds: 1500,
  world: { chains: 1 },
  play: async ({ stage, path, record, expect, keep }) => {
    const [chain] = stage.world.chains;
    let isDone = false;
    stage.beforeBlock(async ({ row, sent }) => {
      if (row.venueState === 'not-included') await stage.drop(chain, sent);
      if (row.venueState !== 'front-run' || isDone || sent.length === 0) return;
      isDone = true;
      await stage.frontRun(chain, sent, () => stage.pump(chain, pairPools(chain, ['uniswap-v2']), 3));
    });
    const agent = await stage.openAgent({
      schedule: { kind: 'twap', maxParts: 10, spanSeconds: 600, recoverySeconds: 30 },
      limits: { deadlineSeconds: 780 },
    });
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
    const expired = ofFirst.some(({ code }) => code === 'INTENT_EXPIRED' || code === 'STEP_CANCELLED');
    expect('the slice that no block took has expired, and its nonce is free', expired, ofFirst.map(({ code }) => code));
    const bought = slices.reduce((sum, { units }) => sum + units, 0);
    expect('after the turn less is bought than was planned', bought < planned, { bought, planned });
    const last = record.samples.at(-1);
    expect('it ends in its band', last.code === 'INSIDE_BAND', last);
    return { agent, failures: kept.failures };
  },
};
