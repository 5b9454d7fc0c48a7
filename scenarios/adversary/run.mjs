#!/usr/bin/env node
// The session key has leaked. Its holder tries everything on a real chain, again and again, to make the account lose more in a
// window than the grant allows: cap · lossBps + gas budget.
import { seededRandom } from '@evenkeel/agent';
import { PAYMASTER_MARGIN_BPS } from '@evenkeel/contracts/local';
import { startWorld } from '@evenkeel/devnet';
import { readOptions } from '../../scripts/options.mjs';
import { ATTACKS } from './attacks.mjs';
import { carryOut, checkpoint } from './carry-out.mjs';
import { CHECKS, createLedger } from './ledger.mjs';
import { openVictim, TRUTH } from './scene.mjs';
import { anyWay, firstWay, mutate, play } from './search.mjs';

const HELP = `Usage: npm run accounts:adversary -- [--attempts N] [--seed S] [--json]

Attacks the delta-band permission N times (default 10000) with the session key in hand, on a local chain with the real
EntryPoint 0.8 and real Uniswap V3 pools: the known attacks in turn, random compositions, and a search for the greatest loss.
Fails when a window loses more than the bound, or (from 10,000 attempts on) when a check was not hit more than 100 times.`;

const options = readOptions(HELP, {
  attempts: { type: 'whole', least: 1, default: 10_000 },
  seed: { type: 'whole', least: 0, default: 1 },
  json: { type: 'boolean' },
});
const { attempts: wanted, seed } = options;

const { next: random } = seededRandom(seed);
/** More than a hundred times in 10,000; and in proportion. */
const EACH = Math.ceil((101 * wanted) / 10_000);
const kinds = Object.keys(ATTACKS);
const progress = (text) => process.stderr.isTTY && process.stderr.write(`\r${text.padEnd(78)}`);
const world = await startWorld({ chains: 1, parts: ['erc4337'], seed: 1 });
let failure;
const ledger = createLedger(86_400);
let best = { way: firstWay, loss: 0n };
let policy;
let plays = 0;
/** What the best way cost, each time that a better one was found. */
const climb = [];
const checksOfKind = new Map();
try {
  const victim = await openVictim(world);
  ({ policy } = victim.scene);
  const back = await checkpoint(victim.node);

  // 1. Every kind by itself, until each check has been hit often enough or eleven twentieths of the attempts are used.
  let idle = 0;
  for (let at = 0; ledger.attempts < (wanted * 11) / 20 && idle < kinds.length; at++) {
    const kind = kinds[at % kinds.length];
    const known = checksOfKind.get(kind);
    const isNeeded =
      known === undefined ||
      at < kinds.length * 6 ||
      [...known].some((check) => CHECKS.includes(check) && ledger.hits(check) < EACH);
    if (!isNeeded) {
      idle += 1;
      continue;
    }
    idle = 0;
    ledger.begin();
    const checks = await carryOut(victim, ledger, random, kind);
    checksOfKind.set(kind, new Set([...(known ?? []), ...checks.filter((check) => check !== undefined)]));
    progress(`${ledger.attempts} attempts, ${kind}`);
    await back();
  }

  // 2. Compositions: several kinds one upon another, in one history that goes on over windows.
  while (ledger.attempts < (wanted * 13) / 20) {
    ledger.begin();
    const length = 3 + Math.floor(random() * 8);
    for (let at = 0; at < length && ledger.attempts < (wanted * 13) / 20; at++) {
      const kind = random() < 0.4 ? 'honest' : kinds[Math.floor(random() * kinds.length)];
      await carryOut(victim, ledger, random, kind);
      progress(`${ledger.attempts} attempts, compositions`);
    }
    await back();
  }

  // 3. The climb: from the best way so far, now and then from anywhere.
  while (ledger.attempts < wanted) {
    const way = climb.length === 0 ? firstWay : random() < 0.85 ? mutate(best.way, random) : anyWay(random);
    const loss = await play(victim, ledger, way, wanted - ledger.attempts);
    plays += 1;
    if (loss > best.loss) {
      best = { way, loss };
      climb.push(loss);
    }
    progress(`${ledger.attempts} attempts, search: ${Number(best.loss) / 1e6} USDC`);
    await back();
  }
} catch (error) {
  failure = error;
} finally {
  await world.close();
}
progress('');
if (failure !== undefined) throw failure;

const execution = (policy.capAtoms * BigInt(policy.lossBps)) / 10_000n;
const gas = (policy.gasBudgetWei * TRUTH * (10_000n + PAYMASTER_MARGIN_BPS)) / 10_000n / 10n ** 20n;
const bound = execution + gas;
const usdc = (atoms) => Number(atoms) / 1e6;
const report = {
  attempts: ledger.attempts,
  blocked: ledger.blocked,
  worstLossPerWindow: usdc(ledger.worst),
  bound: usdc(bound),
};
const rare = CHECKS.filter((check) => ledger.hits(check) < EACH);
if (options.json) {
  const checks = Object.fromEntries([...ledger.stopped].sort(([a], [b]) => (a < b ? -1 : 1)));
  const search = { plays, climb: climb.map(usdc), worstWay: best.way };
  console.log(JSON.stringify({ ...report, seed, kinds: kinds.length, checks, rare, search }));
} else {
  console.log(
    `${report.attempts} attempts of ${kinds.length} kinds and their compositions, ${report.blocked} stopped:`,
  );
  for (const [check, count] of [...ledger.stopped].sort(([, a], [, b]) => b - a))
    console.log(`  ${String(count).padStart(6)}  ${check}`);
  console.log(
    `Worst loss in a window: ${report.worstLossPerWindow} USDC of at most ${report.bound} (${usdc(execution)} by trades, ${usdc(gas)} for gas).`,
  );
  console.log(
    `The search played ${plays} ways through and climbed ${climb.map((loss) => usdc(loss).toFixed(2)).join(', ')}; the worst: ${JSON.stringify(best.way)}`,
  );
}
if (ledger.worst > bound) {
  console.error('The bound was broken.');
  process.exit(1);
}
if (wanted >= 10_000 && rare.length > 0) {
  console.error(`Hit too rarely: ${rare.join(', ')}.`);
  process.exit(1);
}
