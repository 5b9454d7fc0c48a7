// Somebody reads the mempool and knows the usual times: once against a public schedule, once against a hidden one.
import { Transaction } from 'ethers';
import { startFaultyNode } from '@evenkeel/devnet';
import { pairPools } from '../harness/market.mjs';

const SPAN_SECONDS = 600;
const PARTS = 5;
const BLOCK_SECONDS = 12;
/** What the adversary moves the pools by: less than the tolerance of the swaps, so that they still go through. */
const PUSH_PERCENT = 0.2;
const MORE_UNITS = '12';

export default {
  number: 7,
  title: 'Adversary in the mempool',
  story:
    'An adversary trades before every public swap, and before the times at which equal slices would come. First the agent trades in equal public slices; then as much again with a hidden schedule, jitter, and an endpoint that keeps its transactions out of the mempool.',
  url: import.meta.url,
  tMaxSeconds: 2400,
  world: { chains: 1, blockSeconds: BLOCK_SECONDS },
  play: async ({ stage, path, record, expect, keep }) => {
    const [chain] = stage.world.chains;
    const relay = await startFaultyNode({ rpcUrl: chain.rpcUrl });
    stage.closing(() => relay.close());
    const routers = new Set([chain.contracts.uniswapV2Router, chain.contracts.uniswapV3SwapRouter02]);
    const pushes = { 'front-run': 0, 'pre-trade': 0 };
    let isPushed = false;
    const push = (kind) => {
      pushes[kind] += 1;
      isPushed = true;
      return stage.pump(chain, pairPools(chain), PUSH_PERCENT);
    };
    stage.beforeBlock(async ({ sent, t }) => {
      // Only what comes to the public node is seen; a relay's host is another one.
      const seen = sent.filter(({ url }) => url.startsWith(chain.rpcUrl));
      if (seen.some(({ raw }) => routers.has(Transaction.from(raw).to))) {
        await stage.frontRun(chain, seen, () => push('front-run'));
        return;
      }
      const signed = record.events.filter(({ code }) => code === 'INTENT_SIGNED').at(-1);
      const sinceSeconds = t + BLOCK_SECONDS - Math.floor(signed?.t ?? Infinity);
      const isUsualTime =
        sinceSeconds > 0 && sinceSeconds < SPAN_SECONDS && sinceSeconds % (SPAN_SECONDS / PARTS) < BLOCK_SECONDS;
      if (isUsualTime) await stage.act(() => push('pre-trade'));
    });
    stage.afterBlock(async () => {
      if (!isPushed) return;
      isPushed = false;
      await stage.arbitrage();
    });
    const shared = { maxParts: PARTS, spanSeconds: SPAN_SECONDS, recoverySeconds: 30 };
    const open = { schedule: { kind: 'twap', ...shared, jitterPercent: 0 } };
    const [home, ...others] = stage.config.chains;
    const hidden = {
      schedule: { kind: 'obizhaeva-wang', ...shared, jitterPercent: 80 },
      policy: { targetDeltaUnits: MORE_UNITS },
    };
    const agent = await stage.openAgent(open);
    const kept = keep(agent);
    await stage.runTo(1200);
    const before = { ...pushes };
    agent.apply(stage.fileOf(hidden, { chains: [{ ...home, submitUrl: relay.rpcUrl }, ...others] }));
    await stage.runTo(path.endSeconds);
    await kept.stop();

    const [first, ...later] = record.events.filter(({ details, kind }) => kind === 'report' && details?.costs);
    const second = later.find(({ t }) => t > 1200);
    /** Everything that a trade cost against the price of its decision, gas left out: basis points. */
    const shortfallBps = (report) => {
      if (report === undefined) return NaN;
      const { costs, delta, total } = report.details;
      const units = Math.abs(Number(delta.after.low) - Number(delta.before.low));
      return ((Number(total) - Number(costs.gas)) / (units * path.at(report.t).price)) * 10_000;
    };
    const [publicBps, hiddenBps] = [shortfallBps(first), shortfallBps(second)];
    expect('the adversary finds public swaps', before['front-run'] > 0, pushes);
    expect('it finds none of the private ones', pushes['front-run'] === before['front-run'], pushes);
    expect('the hidden one stays within 20 bp', hiddenBps < 20, { publicBps, hiddenBps });
    expect('the public one is worse by 3 bp and more', publicBps > hiddenBps + 3, { publicBps, hiddenBps });
    return {
      agent,
      failures: kept.failures,
      note: `${publicBps.toFixed(1)} bp in public, ${hiddenBps.toFixed(1)} bp hidden`,
    };
  },
};
