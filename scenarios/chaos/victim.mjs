#!/usr/bin/env node
// One life of an agent: opens the engine, which takes up what an earlier life has left behind, and sees the run to its end.
// Dies in the window that it is told, if it gets there.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { assemble, parseConfig, seededRandom } from '@evenkeel/agent';
import { intentWorkflow, rebalancerTurns } from '@evenkeel/core/workflow';
import { Wallet } from 'ethers';
import { mortality } from './deaths.mjs';
import { ENGINES } from './engines.mjs';

const { values: options } = parseArgs({
  options: {
    config: { type: 'string' },
    engine: { type: 'string' },
    /** What the engine has to know, as JSON. */
    settings: { type: 'string' },
    run: { type: 'string' },
    seed: { type: 'string' },
    window: { type: 'string' },
    count: { type: 'string', default: '1' },
  },
});

const settings = JSON.parse(options.settings);
const chosen = ENGINES[options.engine];
const config = parseConfig(JSON.parse(readFileSync(options.config, 'utf8')));
const journal = await chosen.journal(settings);
const signer = new Wallet(process.env.EVENKEEL_PRIVATE_KEY);
const withDeath = mortality(options.window, Number(options.count));
const random = seededRandom(Number(options.seed));
const turns = rebalancerTurns(async (name) => {
  // Where others may have the same in hand, whoever is given it by the engine takes it.
  const mine = 'claim' in journal ? await journal.claim(name) : journal;
  const { portfolio, ports } = assemble(config, { signer, journal: mine, random, env: process.env });
  return { portfolio, ports: withDeath(ports) };
});
const logger = { log: (level, message) => void (level === 'error' && process.stderr.write(`${message}\n`)) };
const engine = await chosen.engine(settings, { workflows: [intentWorkflow(turns)], logger });

// Whoever watches kills by the clock from here on.
process.stdout.write('alive\n');
await engine.start('intent', options.run, { portfolio: config.name });
const end = await engine.result(options.run);
process.stdout.write(`${JSON.stringify(end)}\n`);
await engine.close();
await journal.close();
// A timer of an engine may be left; nothing that it would do is wanted any more.
process.exit(0);
