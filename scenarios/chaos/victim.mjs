#!/usr/bin/env node
// One life of an agent: bring to its end what an earlier life has left behind, then do what is still to be done.
// Dies in the window that it is told, if it gets there.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { assemble, parseConfig, seededRandom } from '@evenkeel/agent';
import { sqliteJournal } from '@evenkeel/core/journal-sqlite';
import { createRebalancer } from '@evenkeel/core/rebalancer';
import { Wallet } from 'ethers';
import { withDeath } from './deaths.mjs';

const { values: options } = parseArgs({
  options: {
    config: { type: 'string' },
    journal: { type: 'string' },
    seed: { type: 'string' },
    window: { type: 'string' },
    count: { type: 'string', default: '1' },
  },
});

const config = parseConfig(JSON.parse(readFileSync(options.config, 'utf8')));
const journal = await sqliteJournal({ path: options.journal });
const signer = new Wallet(process.env.EVENKEEL_PRIVATE_KEY);
const surroundings = { signer, journal, random: seededRandom(Number(options.seed)), env: process.env };
const { portfolio, ports } = assemble(config, surroundings);
const alive = options.window === undefined ? ports : withDeath(ports, options.window, Number(options.count));
const rebalancer = createRebalancer(portfolio, alive);

// Whoever watches kills by the clock from here on.
process.stdout.write('alive\n');
const resumed = await rebalancer.resume();
const { report } = await rebalancer.rebalance();
process.stdout.write(
  `${JSON.stringify({ resumed: resumed.length, outcome: report.outcome, reason: report.reason })}\n`,
);
await journal.close();
