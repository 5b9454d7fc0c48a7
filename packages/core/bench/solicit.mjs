// What soliciting adds to the slowest accepted adapter. Build first: npx tsc -b packages/core
import { setTimeout as pause } from 'node:timers/promises';
import { solicit } from '../dist/solicit/solicit.js';

const POOLS_PER_VENUE = 20;
const TICKS_PER_POOL = 200;
const ROUNDS = 30;

const token = (chainId, digit, symbol, decimals) => ({ chainId, address: `0x${digit.repeat(40)}`, symbol, decimals });
const chains = [31337, 31338, 31339];
const tokens = chains.flatMap((chainId) => [token(chainId, 'a', 'USDC', 6), token(chainId, 'b', 'WETH', 18)]);
const clock = {
  now: () => performance.timeOrigin + performance.now(),
  sleep: (milliseconds, signal) => pause(milliseconds, undefined, { signal }),
};

let finishedAt = 0;
function venue(id, delayMs) {
  return {
    kind: 'venue',
    id,
    name: id,
    capabilities: { chains, curve: true, quote: false },
    targets: () => [],
    build: () => [],
    liquidity: async ({ chainId, tokens: pair }) => {
      await pause(delayMs);
      const ticks = Array.from({ length: TICKS_PER_POOL }, (_, i) => ({
        index: (i - TICKS_PER_POOL / 2) * 60,
        liquidityNet: i < TICKS_PER_POOL / 2 ? 10n ** 15n : -(10n ** 15n),
      }));
      const pools = Array.from({ length: POOLS_PER_VENUE }, (_, i) => ({
        id: `pool-${i}`,
        adapter: id,
        chainId,
        tokens: pair,
        curve: {
          kind: 'concentrated',
          sqrtPriceX96: 2n ** 96n + 5n,
          tick: 0,
          // The tick at 0 is crossed upwards already.
          liquidity: BigInt(TICKS_PER_POOL / 2 - 1) * 10n ** 15n,
          tickSpacing: 60,
          feePpm: 500,
          ticks,
          tickRange: { low: -120_000, high: 120_000 },
        },
        gas: { base: 100_000n, perTick: 20_000n },
        asOf: { source: id, timeSeconds: clock.now() / 1000, chainId },
        payload: null,
      }));
      finishedAt = Math.max(finishedAt, performance.now());
      return pools;
    },
  };
}

const venues = [venue('fast', 5), venue('medium', 20), venue('slow', 40)];
const hanging = { ...venue('hanging', 0), liquidity: () => new Promise(() => {}) };
const request = { tokens, quotes: [], transfers: [], maxAgeSeconds: 60 };

async function round(all, deadlineMs) {
  finishedAt = 0;
  const started = performance.now();
  const signal = new AbortController().signal;
  const result = await solicit(request, { venues: all, bridges: [], clock, signal, deadlineMs, graceMs: 0 });
  const ended = performance.now();
  return { added: ended - finishedAt, total: ended - started, pools: result.pools.length };
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
await round(venues, 1_000);
const rounds = [];
for (let i = 0; i < ROUNDS; i++) rounds.push(await round(venues, 1_000));
const added = rounds.map((item) => item.added);
console.log(
  `soliciting adds ${median(added).toFixed(2)} ms (median), ${Math.max(...added).toFixed(2)} ms (worst of ${ROUNDS}) ` +
    `to the slowest of ${venues.length * chains.length} answers with ${rounds[0].pools} accepted pools of ${TICKS_PER_POOL} ticks`,
);
const late = await round([...venues, hanging], 100);
console.log(`with an adapter that hangs and a deadline of 100 ms the round ends after ${late.total.toFixed(1)} ms`);
