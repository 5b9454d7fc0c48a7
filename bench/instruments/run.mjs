// Whether the instrument that was chosen is the cheapest to hold: in random settings all candidates are really opened, held
// to the horizon and closed, each on a snapshot of its own, and what they cost is counted.
//
//   node bench/instruments/run.mjs --settings 500 --seed 1 [--from 0] [--list] [--rows FILE] [--portion N]
//
// With `--rows` each setting is written to a file as soon as it is judged, and those that are there are not judged again: the
// same command goes on where it was cut off, and reports on all. `--portion` ends after so many new ones.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { compareHolding } from '@evenkeel/core/holding';
import { readOptions } from '../../scripts/options.mjs';
import { openMarket } from './market.mjs';
import { settingOf, STEPS } from './setting.mjs';

const HELP =
  'Usage: node bench/instruments/run.mjs [--settings N] [--seed S] [--from N] [--list] [--rows FILE] [--portion N]';
const values = readOptions(HELP, {
  settings: { type: 'whole', least: 1, default: 500 },
  seed: { type: 'whole', least: 0, default: 1 },
  from: { type: 'whole', least: 0, default: 0 },
  list: { type: 'boolean' },
  rows: { type: 'string' },
  portion: { type: 'number', least: 1, default: Infinity },
});
const { from, seed, settings: count } = values;

const SPOT = 3_000;
const DAY = 86_400;
/** Pools are at the spot again at once. */
const AT_ONCE = { halfLifeDays: 0 };
/** What a loan costs stays as it is. */
const STEADY = { halfLifeDays: Infinity };
const INSTRUMENTS = { perp: 'vETH', spot: 'WETH', loan: 'WETH' };

/** What an earlier run of this seed has judged, by index. */
const known = new Map(
  (values.rows !== undefined && existsSync(values.rows) ? readFileSync(values.rows, 'utf8').trim().split('\n') : [])
    .map((line) => JSON.parse(line))
    .filter((row) => row.seed === seed)
    .map((row) => [row.index, row]),
);

const market = await openMarket();
await market.moveSpot(SPOT);
await market.setFeeds(SPOT);
await market.movePerp(SPOT);
await market.advance(3_600);
let opening = await market.snapshot();

const rows = [];
let left = values.portion;
for (let index = from; index < from + count; index += 1) {
  let row = known.get(index);
  if (row === undefined) {
    if (left <= 0) continue;
    left -= 1;
    await market.revert(opening);
    opening = await market.snapshot();
    row = { seed, ...(await judge(settingOf(seed, index))) };
    if (values.rows !== undefined) appendFileSync(values.rows, `${JSON.stringify(row)}\n`);
  }
  rows.push(row);
  if (values.list) console.log(JSON.stringify(row));
}
report(rows);
await market.world.close();

async function judge(setting) {
  await market.borrow(setting.borrowedByOthers);
  await market.movePerp(SPOT * (1 + setting.premiums.start));
  await market.advance(3_600);
  await market.setFeeds(SPOT);
  const names = Object.keys(INSTRUMENTS).filter((name) => isCandidate(name, setting));
  const quotes = await Promise.all(names.map((name) => quoteOf(name, setting.units, SPOT)));
  const beliefs = { perp: setting.belief, spot: AT_ONCE, loan: STEADY };
  const gasCost = (gas) => gas.reduce((sum, { units }) => sum + gasDollars(units, setting), 0);
  const compared = compareHolding(
    quotes.map((quote, at) => ({ quote, belief: beliefs[names[at]] })),
    { days: setting.days, spot: SPOT, capitalRate: setting.capitalRate, gasCost },
  );
  const nameOf = ({ quote }) => names[quotes.indexOf(quote)];
  const start = await market.snapshot();
  let at = start;
  const real = {};
  for (const [place, name] of names.entries()) {
    real[name] = await hold(name, quotes[place], setting);
    await market.revert(at);
    at = await market.snapshot();
  }
  const best = names.reduce((least, name) => (real[name] < real[least] ? name : least));
  const cheapestToOpen = names.reduce((least, name) =>
    quotes[names.indexOf(name)].cost < quotes[names.indexOf(least)].cost ? name : least,
  );
  const bps = 10_000 / (Math.abs(setting.units) * SPOT);
  const expected = Object.fromEntries(compared.map((each) => [nameOf(each), each.cost.expected]));
  return {
    index: setting.index,
    units: setting.units,
    days: setting.days,
    chosen: nameOf(compared[0]),
    best,
    cheapestToOpen,
    expected,
    real,
    bps,
  };
}

function isCandidate(name, { ownsUnderlying, units }) {
  if (name === 'loan') return units < 0;
  return name === 'perp' || units > 0 || ownsUnderlying;
}

async function quoteOf(name, units, spot) {
  const deadline = (await market.nowSeconds()) + 600;
  const request = {
    chainId: market.chainId,
    instrument: INSTRUMENTS[name],
    units: String(units),
    owner: market.trader,
  };
  return market.adapters[name].quote({ ...request, spot, slippageBps: 100, deadline }, market.signal);
}

async function accept(name, quote) {
  const deadline = (await market.nowSeconds()) + 600;
  let gas = 0n;
  for (const call of market.adapters[name].build({ quote, owner: market.trader, deadline }))
    gas += await market.sendCall(call);
  return gas;
}

/** Opens, holds while the world goes on, closes; what it cost over a delta that costs nothing. */
async function hold(name, quote, setting) {
  const { capitalRate, days, jump, premiums, units } = setting;
  const before = await market.wealth();
  let gas = await accept(name, quote);
  await market.moveSpot(SPOT);
  const steps = name === 'perp' ? STEPS : 2;
  let spot = SPOT;
  if (name === 'perp') await market.movePerp(SPOT * (1 + premiums.levels[0]));
  for (let step = 1; step <= steps; step += 1) {
    await market.advance((days * DAY) / steps);
    if (step === steps / 2) spot = SPOT * (1 + jump);
    await market.setFeeds(spot);
    if (name === 'perp') await market.movePerp(spot * (1 + (premiums.levels[step] ?? premiums.end)));
    else await market.moveSpot(spot);
  }
  // A debt has grown by its interest: all of it is bought back.
  const size = name === 'loan' ? await market.owed() : String(-units);
  const back = await quoteOf(name, size, spot);
  gas += await accept(name, back);
  const after = await market.wealth();
  const change = after.dollars - before.dollars + (after.units - before.units) * spot;
  const capital = (quote.tiedUp * capitalRate * days) / 365;
  return units * (spot - SPOT) - change + capital + gasDollars(gas, setting);
}

function gasDollars(units, { gasGwei }) {
  return Number(units) * gasGwei * 1e-9 * SPOT;
}

function report(all) {
  const share = (of) => `${((100 * all.filter(of).length) / all.length).toFixed(1)} %`;
  const regret = (choice) => {
    const sum = all.reduce((total, row) => total + (row.real[row[choice]] - row.real[row.best]) * row.bps, 0);
    return `${(sum / all.length).toFixed(3)} bp`;
  };
  const errors = all.flatMap(({ bps, expected, real }) =>
    Object.keys(real).map((name) => Math.abs(expected[name] - real[name]) * bps),
  );
  const median = [...errors].sort((a, b) => a - b)[Math.floor(errors.length / 2)];
  console.log(
    `${all.length} settings, seed ${seed}, from ${from}; ${errors.length} candidates opened, held and closed`,
  );
  for (const name of Object.keys(INSTRUMENTS))
    console.log(`  ${name.padEnd(5)} cheapest in ${share(({ best }) => best === name)}`);
  console.log(
    `chosen was the cheapest in        ${share(({ best, chosen }) => best === chosen)}, ${regret('chosen')} above the cheapest on average`,
  );
  console.log(
    `… or within 0.5 bp of it in       ${share((row) => (row.real[row.chosen] - row.real[row.best]) * row.bps <= 0.5)}`,
  );
  console.log(
    `cheapest to open would have been  ${share(({ best, cheapestToOpen }) => best === cheapestToOpen)}, ${regret('cheapestToOpen')}`,
  );
  console.log(`expected and real cost differ by  ${median.toFixed(3)} bp (median)`);
}
