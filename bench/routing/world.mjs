#!/usr/bin/env node
// Random routes on the local world of real contracts: is what is quoted what is paid, to the atom of every hop?
import { startWorld } from '@evenkeel/devnet';
import { readOptions } from './options.mjs';
import { runWorldRoutes } from './world-routes.mjs';

const HELP = 'Usage: node bench/routing/world.mjs [--routes N] [--seed N] [--json]   (build first: npm run build)';
const options = readOptions(HELP, { routes: '200', seed: '1', json: false }, ['routes', 'seed']);

const started = performance.now();
const world = await startWorld({ chains: 3 });
try {
  const totals = await runWorldRoutes(world, {
    count: Number(options.routes),
    seed: Number(options.seed),
    onRoute: ({ mismatches, routes }) => {
      if (process.stderr.isTTY)
        process.stderr.write(`\r${routes} of ${options.routes} routes, ${mismatches.length} mismatches`);
    },
  });
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  const seconds = (performance.now() - started) / 1000;
  if (options.json) console.log(JSON.stringify({ ...totals, seconds }, null, 2));
  else {
    const { crossChain, exactOut, hops, mismatches, routes, split, swaps, transfers, venues } = totals;
    console.log(
      `${routes} routes executed on real contracts: ${hops} hops, ${swaps} swaps and ${transfers} transfers by ${venues.join(', ')}`,
    );
    console.log(
      `${crossChain} left their chain, ${split} had several hops, ${exactOut} were exact-out; ${seconds.toFixed(1)} s`,
    );
    console.log(
      mismatches.length === 0
        ? 'Every hop paid what was quoted, to the atom.'
        : `${mismatches.length} hops paid something else:`,
    );
    for (const each of mismatches.slice(0, 20)) console.log(`  ${JSON.stringify(each)}`);
  }
  process.exitCode = totals.mismatches.length === 0 ? 0 : 1;
} finally {
  await world.close();
}
