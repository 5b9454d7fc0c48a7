// Where a scenario plays: a world of real contracts whose blocks come when the path says so, and the agent in it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openAgent, parseAgentConfig, seededRandom } from '@evenkeel/agent';
import { startWorld } from '@evenkeel/devnet';
import { keccak256, Wallet } from 'ethers';
import { openPortfolio } from '../../packages/agent/dist/demo/open-portfolio.js';
import { readChains } from '../chaos/judge.mjs';
import { pumpPools } from './market.mjs';
import { steppedClock, watchRequests } from './clock.mjs';

/** 2026-01-05T00:00:00Z, a Monday. */
export const START_SECONDS = 1_767_571_200;
/** Share of the first chain's base fee that the others have. */
const FEE_SHARES = [1, 0.02, 0.004];

/**
 * A world with the demonstration's book in it, at a time that stands still until `runTo` moves it.
 *
 * Blocks come every `blockSeconds` on every chain, at the base fee of the path, and hold what was sent meanwhile. After each
 * the pools follow the path's price, by the arbitrageur's own trades, and whoever fills transfers has a look.
 */
export async function openStage({ path, seed, chains = 2, blockSeconds = 12, parts = [], options = {}, prepare }) {
  const requests = watchRequests();
  const world = await startWorld({ chains, seed, parts, startTimeSeconds: START_SECONDS - 2 * 86_400 });
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-scenario-'));
  const clock = steppedClock(START_SECONDS * 1000);
  const halted = new Set();
  const after = [];
  const before = [];
  const agents = [];
  const closers = [];
  let price;
  let blockAt = START_SECONDS;

  const everywhere = (method, params) => Promise.all(world.chains.map((chain) => chain.rpc(method, params)));
  // The wall clock has no say in any block.
  await everywhere('anvil_setBlockTimestampInterval', [0]);
  await everywhere('evm_setNextBlockTimestamp', [START_SECONDS - 30]);
  await everywhere('evm_mine', []);
  const actors = await world.startActors({ only: [] });
  const config = withOptions(await openPortfolio(world), options);

  const isLive = ({ id }) => !halted.has(id);

  /** What others do in the block, at once and at its time. */
  const act = async (work) => {
    const live = world.chains.filter(isLive);
    await Promise.all(live.map((chain) => chain.rpc('evm_setAutomine', [true])));
    await work();
    await Promise.all(live.map((chain) => chain.rpc('evm_setAutomine', [false])));
    // What was mined at once never stood in a mempool.
    requests.takeSent();
  };

  const mine = async (atSeconds, row) => {
    for (const [index, chain] of world.chains.entries()) {
      if (!isLive(chain)) continue;
      await chain.rpc('evm_setNextBlockTimestamp', [atSeconds]);
      const fee = BigInt(Math.max(1, Math.round(row.gas * FEE_SHARES[index] * 1e9)));
      await chain.rpc('anvil_setNextBlockBaseFeePerGas', [`0x${fee.toString(16)}`]);
      await chain.rpc('evm_mine', []);
    }
  };

  const block = async () => {
    const t = blockAt - START_SECONDS;
    const row = path.at(t);
    const sent = requests.takeSent();
    for (const hook of before) await hook({ t, row, sent });
    await mine(blockAt, row);
    const hasMoved = price === undefined || Math.abs(row.price / price - 1) > 1e-9;
    await act(async () => {
      if (hasMoved || sent.length > 0) await arbitrage(row.price);
      await actors.acrossRelayer.tick();
      for (const hook of after) await hook({ t, row });
    });
    blockAt += blockSeconds;
  };

  /** Brings the pools to a price, by trades of the arbitrageur; the feeds of the world's parts follow. */
  const arbitrage = async (usdPerEth = price) => {
    price = usdPerEth;
    actors.arbitrageur.setPrice(price);
    await actors.arbitrageur.tick();
    if (parts.length > 0) await actors.feedKeeper.tick();
  };

  /** Lets time pass until then: whoever wakes acts before it goes on. */
  const runTo = async (t) => {
    const endMs = (START_SECONDS + t) * 1000;
    for (;;) {
      await requests.calm();
      const nextMs = Math.min(clock.nextMs(), blockAt * 1000);
      if (nextMs > endMs) return clock.advanceTo(endMs);
      clock.advanceTo(nextMs);
      // At one time the block first: whoever looks then sees it.
      if (blockAt * 1000 <= nextMs) await block();
      else clock.wakeOne();
    }
  };

  const owner = world.accounts.owner;
  await prepare?.({ world, actors, owner, everywhere });
  await block();
  const openings = await readChains(world, owner.address);

  const stage = {
    world,
    actors,
    clock,
    config,
    folder,
    owner,
    seed,
    openings,
    halted,
    act,
    runTo,
    seconds: () => clock.now() / 1000 - START_SECONDS,
    arbitrage,
    /** Calls `hook({ t, row })` after each block, when transactions are mined at once. */
    afterBlock: (hook) => void after.push(hook),
    /** Calls `hook({ t, row, sent })` before each block, with what was sent since the last one. */
    beforeBlock: (hook) => void before.push(hook),
    /** Takes transactions out of a mempool; who sent them is not told. */
    drop: async (chain, sent) => {
      for (const { raw } of sent) await chain.rpc('anvil_dropTransaction', [keccak256(raw)]).catch(() => undefined);
    },
    /** Acts on a chain before what was sent there: whoever pays more is first. */
    frontRun: async (chain, sent, work) => {
      const own = sent.filter(({ url }) => url.startsWith(chain.rpcUrl));
      await stage.drop(chain, own);
      await act(work);
      // One that was sent again may be mined already.
      for (const { raw } of own) await chain.rpc('eth_sendRawTransaction', [raw]).catch(() => undefined);
      // What was put back is no news.
      requests.takeSent();
    },
    pump: (chain, pools, percent) => pumpPools(world, chain, pools, percent),
    /** The file of an agent over this book, read. */
    fileOf: (portfolio = {}, more = {}) => parseAgentConfig(agentFile(config, portfolio, more)),
    /** An agent over this book; several may be opened one after another on the same state folder. */
    openAgent: async (portfolio = {}, { more = {}, extend, ...rest } = {}) => {
      const agent = await openAgent(stage.fileOf(portfolio, more), {
        folder,
        env: {},
        clock,
        random: seededRandom(seed),
        logger: { log: () => undefined },
        signerOf: () => new Wallet(owner.privateKey),
        ...(extend === undefined ? {} : { extend }),
        ...rest,
      });
      agents.push(agent);
      return agent;
    },
    /** Something to be closed when all is over. */
    closing: (close) => void closers.push(close),
    close: async () => {
      requests.restore();
      for (const close of closers) await close();
      for (const agent of agents) await agent.close().catch(() => undefined);
      await world.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return stage;
}

/** The portfolio with other options, thirty days before they expire. */
function withOptions(config, change) {
  const { optionBook, ...rest } = config.positions;
  if (change === null) return { ...config, positions: rest };
  const [call] = optionBook.positions;
  const option = { ...call, sizeUnits: '-60', expiryUnixSeconds: START_SECONDS + 30 * 86_400, ...change };
  return { ...config, positions: { ...rest, optionBook: { ...optionBook, positions: [option] } } };
}

/** The stage's chains and book as an agent's file. */
export function agentFile(config, portfolio, more) {
  const { chains, name: _name, owner, positions, ...defaults } = config;
  return {
    agent: { mode: 'live', watch: { kind: 'interval', everySeconds: 12 } },
    http: 'off',
    totalLimits: { notionalPerDayUsd: 5_000_000 },
    chains,
    defaults: {
      ...defaults,
      pollMs: 3000,
      nodeBudget: 3,
      schedule: { kind: 'single' },
      adapters: ['uniswap-v2', 'uniswap-v3', 'across'],
    },
    portfolios: [
      {
        name: 'book',
        owner,
        positions,
        ...portfolio,
        policy: { riskAversion: { perNumeraire: 0.001 }, monitoringSeconds: 12, ...portfolio.policy },
      },
    ],
    ...more,
  };
}
