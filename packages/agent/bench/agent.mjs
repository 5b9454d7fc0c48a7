#!/usr/bin/env node
// How many portfolios one agent decides on in a block: node packages/agent/bench/agent.mjs [--portfolios 2000]
// [--positions 5] [--rounds 5] [--json] (after `npm run build`). Real pools and tokens on a local chain; every portfolio is
// another owner with the underlying, the numeraire, the native coin and options. What decides is what an agent runs; the
// clock runs from the begin of a round to its last decision, reads included.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startWorld } from '@evenkeel/devnet';
import { readOptions } from '../../../scripts/options.mjs';
import { openAgent } from '../dist/agent/agent.js';
import { parseAgentConfig } from '../dist/agent/config/parse-agent.js';
import { seededRandom, systemClock } from '../dist/assemble/ambient.js';

const HELP = `Usage: npm run bench -- agent [--portfolios N] [--positions N] [--rounds N] [--json]

So many portfolios (2,000) of so many positions (5; three are what an owner holds) are decided so many times (5).`;
const values = readOptions(HELP, {
  portfolios: { type: 'whole', least: 1, default: 2000 },
  positions: { type: 'whole', least: 4, default: 5 },
  rounds: { type: 'whole', least: 1, default: 5 },
  json: { type: 'boolean' },
});
const { portfolios: most, positions, rounds } = values;
const BLOCK_SECONDS = 12;
const DAY_SECONDS = 86_400;

const world = await startWorld({ chains: 1 });
const [chain] = world.chains;
const nowSeconds = await world.clockSeconds();

const owner = (i) => `0x${(0xe5e_0000_0000n + BigInt(i)).toString(16).padStart(40, '0')}`;
const random = seededRandom(7);

function portfolio(i) {
  const options = Array.from({ length: positions - 3 }, (_, k) => ({
    id: `option-${k}`,
    optionType: random.next() < 0.5 ? 'call' : 'put',
    sizeUnits: (random.next() * 20 - 10).toFixed(4),
    strikeNumeraire: String(2000 + Math.round(random.next() * 20) * 100),
    expiryUnixSeconds: nowSeconds + Math.round((10 + random.next() * 60) * DAY_SECONDS),
  }));
  const optionBook = {
    underlying: 'ETH',
    volatilityAnnualPercent: '65',
    forwardRatioToSpot: '1.003',
    positions: options,
  };
  return { name: `p${i}`, owner: owner(i), positions: { optionBook } };
}

function file(count) {
  const { contracts: c, id, rpcUrl, tokens } = chain;
  const contracts = {
    multicall3: c.multicall3,
    uniswapV2Factory: c.uniswapV2Factory,
    uniswapV2Router: c.uniswapV2Router,
    uniswapV3Factory: c.uniswapV3Factory,
    uniswapV3SwapRouter02: c.uniswapV3SwapRouter02,
    uniswapV3TickLens: c.uniswapV3TickLens,
  };
  return {
    chains: [
      {
        id,
        rpcUrl,
        base: { address: tokens.WETH.address, symbol: 'WETH', decimals: 18 },
        quote: { address: tokens.USDC.address, symbol: 'USDC', decimals: 6 },
        contracts,
      },
    ],
    defaults: {
      underlying: 'ETH',
      annualVolatilityPercent: 65,
      adapters: ['uniswap-v2', 'uniswap-v3'],
      policy: { riskAversion: { perNumeraire: 0.001 }, monitoringSeconds: BLOCK_SECONDS },
    },
    portfolios: Array.from({ length: count }, (_, i) => portfolio(i)),
  };
}

/** Nothing is signed here: trading is paused, so that what is measured is looking and deciding. */
const signerOf = ({ config }) => ({ address: config.owner, signTypedData: refuse, signTransaction: refuse });
async function refuse() {
  throw new Error('This agent signs nothing.');
}

async function measure(count) {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-agent-bench-'));
  const started = performance.now();
  const agent = await openAgent(parseAgentConfig(file(count)), {
    folder,
    signerOf,
    env: {},
    clock: systemClock,
    random: seededRandom(1),
    logger: { log: () => undefined },
  });
  const openMs = performance.now() - started;
  agent.pause('*', 'a benchmark trades nothing');
  const all = [];
  for (let round = 0; round <= rounds; round++) {
    await chain.rpc('evm_mine', []);
    for (const { now } of agent.keepers()) now.dueMs = 0;
    const cpuBefore = process.cpuUsage();
    const report = await agent.round(new AbortController().signal);
    const { system, user } = process.cpuUsage(cpuBefore);
    // The first one compiles, finds the pools and writes down as many first decisions as there are portfolios.
    if (round > 0) all.push({ ...report, cpuMs: Math.round((system + user) / 1000) });
  }
  const undecided = agent.keepers().filter(({ now }) => now.standing?.action === 'undecided').length;
  const trades = agent.keepers().filter(({ now }) => now.standing?.action === 'trade').length;
  const memoryMb = Math.round(process.memoryUsage().rss / 2 ** 20);
  await agent.close();
  rmSync(folder, { recursive: true });
  const times = all.map(({ durationMs }) => durationMs).sort((a, b) => a - b);
  const calls = Math.max(...all.map((report) => report.calls[chain.id]));
  const [medianMs, worstMs] = [times[times.length >> 1], times.at(-1)];
  // What the agent's own process has worked: says the same on a machine that others use as well.
  const cpuMs = all.map((report) => report.cpuMs).sort((a, b) => a - b)[all.length >> 1];
  return {
    portfolios: count,
    positions: count * positions,
    openMs: Math.round(openMs),
    medianMs,
    worstMs,
    cpuMs,
    calls,
    trades,
    undecided,
    memoryMb,
  };
}

const results = [];
try {
  const sizes = [16, 8, 4, 2, 1].map((part) => Math.max(1, Math.round(most / part)));
  for (const count of new Set(sizes)) {
    if (!values.json) process.stderr.write(`${count} portfolios …\n`);
    results.push(await measure(count));
  }
} finally {
  await world.close();
}

const [first, last] = [results[0], results.at(-1)];
const growth =
  results.length < 2 ? null : Math.log(last.medianMs / first.medianMs) / Math.log(last.portfolios / first.portfolios);
const perBlock = Math.floor((last.portfolios * BLOCK_SECONDS * 1000) / last.worstMs);
if (values.json) {
  console.log(
    JSON.stringify(
      { blockSeconds: BLOCK_SECONDS, results, growthExponent: growth, portfoliosPerBlock: perBlock },
      null,
      2,
    ),
  );
} else {
  console.table(results);
  console.log(`Time grows as N^${growth?.toFixed(2) ?? '?'}; calls a round are batches of 500 reads.`);
  console.log(`In a block of ${BLOCK_SECONDS} s one agent decides on about ${perBlock} portfolios like these.`);
}
process.exit(last.undecided === 0 ? 0 : 1);
