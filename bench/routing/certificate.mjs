#!/usr/bin/env node
// How much our certificate leaves open, by kind of market and number of hops, and what its search for a better proof
// takes. `node bench/routing/certificate.mjs --help` says how.
import { readOptions } from '../../scripts/options.mjs';
import { prepare, solveOnce } from './ours.mjs';
import { median, worst } from './table.mjs';
import { SHAPES, universe } from './universes.mjs';

const HELP = `Usage: node bench/routing/certificate.mjs [options]      (build first: npm run build)
  --pools N      default 60
  --seed N       first seed; default 1
  --seeds N      how many; default 2
  --hops any,1   the most hops of a route; default any,1,2,4,8
  --json         one JSON document on standard output`;
const options = readOptions(HELP, {
  pools: { type: 'whole', least: 1, default: 60 },
  seed: { type: 'whole', least: 0, default: 1 },
  seeds: { type: 'whole', least: 1, default: 2 },
  hops: { type: 'strings', like: /^(any|[1-9]\d*)$/, default: ['any', '1', '2', '4', '8'] },
  json: { type: 'boolean' },
});

const WARM_CALLS = 50;
const seeds = Array.from({ length: Number(options.seeds) }, (_, i) => Number(options.seed) + i);
const timed = (work) => {
  const start = performance.now();
  const result = work();
  return [performance.now() - start, result];
};

/** One problem without and with the search for a better proof; the warm time is that of later calls with it. */
function measure(problem) {
  const [plainMs, plain] = timed(() => solveOnce(problem, { proofBudget: 0 }));
  const [provedMs, proved] = timed(() => solveOnce(problem));
  const prepared = prepare(problem);
  prepared.solve();
  const warm = Array.from({ length: WARM_CALLS }, () => timed(prepared.solve)[0]);
  return {
    searchGapBps: plain.optimalityGapBps,
    gapBps: proved.optimalityGapBps,
    // Of routes that were found in the course of the proof.
    gainBps: (Number(proved.amountOut) / Number(plain.amountOut) - 1) * 1e4,
    addedMs: provedMs - plainMs,
    warmUs: median(warm) * 1e3,
  };
}

const rows = [];
for (const shape of SHAPES) {
  for (const hops of options.hops) {
    for (const gas of [false, true]) {
      const measured = [];
      for (const seed of seeds)
        for (const curves of ['constant-product', 'mixed'])
          for (const usd of [1_000, 100_000, 10_000_000])
            for (const gwei of gas ? [20, 100] : [0]) {
              const maxHops = hops === 'any' ? undefined : Number(hops);
              measured.push(
                measure(universe({ pools: Number(options.pools), shape, curves, usd, gwei, seed, maxHops })),
              );
            }
      const of = (name) => measured.map((each) => each[name]);
      rows.push({
        shape,
        hops,
        gas,
        cases: measured.length,
        searchMedianBps: median(of('searchGapBps')),
        searchWorstBps: worst(of('searchGapBps')),
        medianBps: median(of('gapBps')),
        worstBps: worst(of('gapBps')),
        improved: measured.filter(({ gainBps }) => gainBps > 1e-4).length,
        addedMedianMs: median(of('addedMs')),
        warmMedianUs: median(of('warmUs')),
      });
    }
  }
}
if (options.json) console.log(JSON.stringify({ pools: Number(options.pools), seeds, rows }, null, 2));
else {
  console.table(
    rows.map((row) => ({
      market: row.shape,
      hops: row.hops,
      gas: row.gas ? 'yes' : 'no',
      cases: row.cases,
      'gap bp of the search': `${row.searchMedianBps.toFixed(3)} / ${row.searchWorstBps.toFixed(1)}`,
      'gap bp': `${row.medianBps.toFixed(4)} / ${row.worstBps.toFixed(2)}`,
      'routes mended': row.improved,
      'added ms': row.addedMedianMs.toFixed(2),
      'warm µs': row.warmMedianUs.toFixed(0),
    })),
  );
  console.log(
    'Gaps: median / worst. Added: what the search for a better proof takes of the first call, in the median.',
  );
}
