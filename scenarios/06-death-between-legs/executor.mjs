#!/usr/bin/env node
// One executor: brings to its end what another has left, then does what is still to be done. Tells it as lines of JSON.
import { readFileSync } from 'node:fs';
import { argv, env, stdout } from 'node:process';
import { assemble, parseConfig, seededRandom, systemClock } from '@evenkeel/agent';
import { sqliteJournal } from '@evenkeel/core/journal-sqlite';
import { createRebalancer } from '@evenkeel/core/rebalancer';
import { Wallet } from 'ethers';
import { mortality } from '../chaos/deaths.mjs';

const { configFile, journalFile, startMs, seed, window, count } = JSON.parse(argv[2]);
const tell = (news) => stdout.write(`${JSON.stringify(news)}\n`);
const offsetMs = startMs - Date.now();
const clock = { ...systemClock, now: () => Date.now() + offsetMs };
try {
  const journal = await sqliteJournal({ path: journalFile });
  const config = parseConfig(JSON.parse(readFileSync(configFile, 'utf8')));
  const signer = new Wallet(env.EVENKEEL_PRIVATE_KEY);
  const { portfolio, ports } = assemble(config, { signer, journal, clock, random: seededRandom(seed), env });
  const rebalancer = createRebalancer(portfolio, mortality(window, count)(ports));
  rebalancer.on('execution', ({ type, step, code }) => tell({ type, step, code }));
  rebalancer.on('routed', ({ route, survey }) => {
    const units = Number(route.servedUnits) * (route.side === 'sell' ? -1 : 1);
    tell({ type: 'routed', delta: survey.exposure.delta, units });
  });
  const resumed = await rebalancer.resume();
  const { report } = await rebalancer.rebalance();
  tell({ type: 'ended', resumed: resumed.length, outcome: report.outcome });
  await journal.close();
} catch (error) {
  tell({ type: 'failed', code: error.code ?? error.name });
  process.exitCode = 1;
}
