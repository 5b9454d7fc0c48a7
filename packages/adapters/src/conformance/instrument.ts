import {
  type Call,
  type JsonValue,
  sameAddress,
  type TradeFill,
  type TradeQuote,
  type TradeRequest,
} from '@evenkeel/core';
import { allowanceRead } from '../common/erc20.js';
import { readContracts } from '../common/read.js';
import { grantOf, grantsOf } from './allowances.js';
import { type BookState, readBook } from './book.js';
import { type Check, checkMaker, checksFor, type Fail, type MakeCheck } from './check.js';
import { mustAnswer, mustHeedAbort, mustRefuse } from './invoke.js';
import { type InstrumentSample, type InstrumentSubject, patienceOf } from './subject.js';
import { copyOf, fingerprint, requireFinite, requireFrozen, requireUntouched } from './values.js';

const SLIPPAGE_BPS = 50;
const TOLERANCE = 1e-6;
const HOLDING_SECONDS = 6 * 3_600;
const DAY_SECONDS = 86_400;
/** Rates move while a position is held, and theta is a slope. */
const CARRY_TOLERANCE = 0.05;

const STARVE = { name: 'starve', has: ({ starve }: InstrumentSubject) => starve !== undefined };

/**
 * What every instrument has to do: say truly what a trade does to the book, what it costs to open, to hold and to close.
 * Trades are really made, and the account is read before and after by the subject's own position sources: a delta of the
 * wrong sign, one of collateral that was forgotten, funding that the quote hides, and margin that was read long ago all
 * show.
 *
 * @param capabilities leaves out the checks that need any other. By default they are there, and are skipped as they run
 *
 * @example
 * ```ts
 * describeConformance('my perpetual', instrumentConformance({ adapter, owner, sources, samples, spot, ...hands }))
 * ```
 */
export function instrumentConformance(
  subject: InstrumentSubject | (() => InstrumentSubject | Promise<InstrumentSubject>),
  capabilities: readonly 'starve'[] = ['starve'],
): readonly Check[] {
  const make = checkMaker(subject);
  return checksFor(capabilities, [
    ...objectChecks(make),
    ...quoteChecks(make),
    ...callChecks(make),
    ...tradeChecks(make),
  ]);
}

function objectChecks(make: MakeCheck<InstrumentSubject>): readonly Check[] {
  return [
    make('object-is-frozen', ({ adapter }, fail) => requireFrozen(adapter, 'the adapter', fail)),
    make('identity-is-stable', ({ adapter: { id, kind, name } }, fail) => {
      const hint = 'Write it in the factory: { kind, id, name, … }.';
      if ((kind as string) !== 'instrument') fail('kind "instrument"', `it is ${JSON.stringify(kind)}`, hint);
      if (!/^[a-z0-9][a-z0-9-]*$/.test(id)) fail('an id of small letters, digits and hyphens', `it is ${id}`, hint);
      if (name.trim() === '') fail('a name for people', 'it is empty', hint);
    }),
    make('targets-are-named', ({ adapter, samples }, fail) => {
      for (const { chainId } of samples) {
        const targets = adapter.targets(chainId);
        if (targets.length > 0 && targets.every((target) => /^0x[0-9a-f]{40}$/i.test(target))) continue;
        fail(
          `targets(${chainId}) to name contracts`,
          `it is [${targets.join()}]`,
          'The guard lets calls to no others.',
        );
      }
    }),
    make('instruments-are-listed', async (given, fail) => {
      const { adapter, samples } = given;
      const terms = await mustAnswer('list()', (signal) => adapter.list(signal), patienceOf(given), fail);
      requireFrozen(terms, 'what list() gives', fail);
      const keys = terms.map(({ chainId, id }) => `${chainId}/${id}`);
      if (new Set(keys).size !== keys.length) fail('ids to be unique', 'two are the same', 'Use ids of the chain.');
      const missing = samples.find(({ chainId, instrument }) => !keys.includes(`${chainId}/${instrument}`));
      if (missing !== undefined)
        fail(`${missing.instrument} to be listed`, 'it is not', 'List all that can be quoted.');
    }),
    make('list-heeds-its-signal', (given, fail) =>
      mustHeedAbort('list()', (signal) => given.adapter.list(signal), patienceOf(given), fail),
    ),
  ];
}

function quoteChecks(make: MakeCheck<InstrumentSubject>): readonly Check[] {
  const refused = (name: string, change: (request: TradeRequest) => TradeRequest, hint: string): Check =>
    make(name, async (given, fail) => {
      const changed = change(await fresh(given, given.samples[0]!));
      await mustRefuse(
        `a quote (${name})`,
        (signal) => given.adapter.quote(changed, signal),
        patienceOf(given),
        hint,
        fail,
      );
    });
  return [
    each(make, 'quote-is-well-formed', async (given, sample, fail) => {
      const request = await fresh(given, sample);
      const before = fingerprint(request);
      const quote = await quoteOf(given, request, fail);
      requireUntouched(before, request, 'a trade request', fail);
      requireFrozen(quote, 'a quote', fail);
      requireFinite(quote, 'a quote', fail);
      const { adapter, chainId, instrument, units, validUntil } = quote;
      if (adapter !== given.adapter.id || chainId !== sample.chainId || instrument !== sample.instrument) {
        fail(
          'a quote of what was asked for',
          `it is of ${adapter}, ${instrument} on ${chainId}`,
          'Answer what was asked.',
        );
      }
      if (units !== sample.units)
        fail(`a quote for ${sample.units} units`, `it is for ${units}`, 'Answer what was asked.');
      const now = await given.nowSeconds();
      if (!Number.isInteger(validUntil) || validUntil <= now || validUntil > request.deadline) {
        fail('a quote that is valid from now to the deadline at most', `it ends at ${validUntil}`, 'In unix seconds.');
      }
    }),
    each(make, 'quote-heeds-its-signal', async (given, sample, fail) => {
      const request = await fresh(given, sample);
      await mustHeedAbort('quote()', (signal) => given.adapter.quote(request, signal), patienceOf(given), fail);
    }),
    refused('quote-for-nothing-is-refused', (request) => ({ ...request, units: '0' }), 'Refuse a size of zero.'),
    refused(
      'quote-for-an-unknown-instrument-is-refused',
      (request) => ({ ...request, instrument: 'no-such-thing' }),
      'Never quote what you do not know.',
    ),
    refused('quote-after-the-deadline-is-refused', (request) => ({ ...request, deadline: 1 }), 'Look at the deadline.'),
    make(
      'quote-sees-the-margin-that-there-is',
      async (given, fail) => {
        for (const sample of given.samples) {
          const request = await fresh(given, sample);
          await quoteOf(given, request, fail);
          await given.starve!();
          const hint = 'Margin and balances change between two quotes: read them for each.';
          const what = `a quote for ${sample.units} ${sample.instrument} without money`;
          await mustRefuse(what, (signal) => given.adapter.quote(request, signal), patienceOf(given), hint, fail);
        }
      },
      STARVE,
    ),
  ];
}

function callChecks(make: MakeCheck<InstrumentSubject>): readonly Check[] {
  return [
    each(make, 'build-is-pure', async (given, sample, fail) => {
      const fill = await fillOf(given, sample, fail);
      const before = fingerprint(fill);
      const [first, second] = [given.adapter.build(fill), given.adapter.build(copyOf(fill))];
      requireUntouched(before, fill, 'the fill that is given to build', fail);
      requireFrozen(first, 'what build gives', fail);
      if (fingerprint(first) !== fingerprint(second)) fail('build to give the same calls', 'they differ', 'No clock.');
      const payload = JSON.parse(JSON.stringify(fill.quote.payload)) as JsonValue;
      const throughJournal = { ...fill, quote: { ...fill.quote, payload } };
      if (fingerprint(given.adapter.build(throughJournal)) !== fingerprint(first)) {
        fail('a payload to survive JSON', 'other calls come of it', 'Write bigints as strings.');
      }
    }),
    each(make, 'calls-go-only-to-targets', async (given, sample, fail) => {
      const targets = given.adapter.targets(sample.chainId);
      for (const call of await callsOf(given, sample, fail)) {
        const grant = grantOf(call);
        const isKnown = targets.some((target) => sameAddress(target, call.to));
        if (grant === undefined && !isKnown)
          fail('calls to go to targets()', `one goes to ${call.to}`, 'Name it there.');
        if (grant === undefined || grant.atoms === 0n) continue;
        if (grant.kind === 'everything' || !targets.some((target) => sameAddress(target, grant.spender))) {
          fail('approvals for one of targets()', `one is for ${grant.spender}`, 'Approve nobody else.');
        }
      }
    }),
    each(make, 'no-allowance-is-left', async (given, sample, fail) => {
      const { calls } = await trade(given, sample, fail);
      for (const { spender, token } of grantsOf(calls)) {
        const owner = given.owner;
        const left = allowanceRead(
          { chainId: sample.chainId, address: token, symbol: '', decimals: 0 },
          owner,
          spender,
        );
        const { values } = await readContracts(given.chains[sample.chainId]!, [left], AbortSignal.timeout(10_000));
        if (values[0] === 0n) continue;
        fail('no allowance to be left', `${spender} may still take ${values[0]} atoms`, 'Revoke it in the last call.');
      }
    }),
    make('foreign-fills-are-refused', async (given, fail) => {
      const { quote, ...rest } = await fillOf(given, given.samples[0]!, fail);
      const refuse = (what: string, fill: TradeFill): Promise<void> =>
        mustRefuse(what, () => given.adapter.build(fill), patienceOf(given), 'Check what comes back.', fail);
      await refuse('a fill of another adapter', { ...rest, quote: { ...quote, adapter: 'somebody-else' } });
      await refuse('a payload of somebody else', { ...rest, quote: { ...quote, payload: { not: 'ours' } } });
      await refuse('a fill for another owner', { ...rest, owner: '0x000000000000000000000000000000000000dEaD', quote });
    }),
  ];
}

/** Checks that trade. */
function tradeChecks(make: MakeCheck<InstrumentSubject>): readonly Check[] {
  return [
    traded(make, 'trade-moves-the-exposure-as-said', ({ after, before, given, quote }, fail) => {
      const hint = 'Delta is signed, in units of the underlying, and counts collateral that is the underlying itself.';
      const moved = after.deltaUnits - before.deltaUnits;
      requireNear(moved, quote.greeks.deltaUnits, near(given, quote, 'units'), 'the delta to change by', hint, fail);
      const vega = after.vegaPerPoint - before.vegaPerPoint;
      const vegaHint = 'Vega is numeraire for a volatility point, not scaled to a standard expiry.';
      requireNear(vega, quote.greeks.vegaPerPoint, near(given, quote), 'the vega to change by', vegaHint, fail);
    }),
    traded(make, 'trade-costs-what-was-said', ({ after, before, given, quote }, fail) => {
      const hint =
        'cost is the value that the book loses at the spot of the request: fees, impact, distance from the spot.';
      requireNear(before.value - after.value, quote.cost, near(given, quote), 'the trade to cost', hint, fail);
    }),
    each(make, 'holding-costs-what-was-said', async (given, sample, fail) => {
      const { after, quote } = await trade(given, sample, fail);
      await given.pass(HOLDING_SECONDS);
      const later = await readBook(given, fail);
      const days = HOLDING_SECONDS / DAY_SECONDS;
      const said = (quote.carryPerDay - quote.greeks.thetaPerDay) * days;
      const tolerance = CARRY_TOLERANCE * Math.abs(said) + near(given, quote);
      const hint =
        'Funding and interest belong into carryPerDay, at their present rate, paid above zero; decay into theta.';
      requireNear(after.value - later.value, said, tolerance, 'six hours to cost', hint, fail);
    }),
    each(make, 'the-way-back-closes-it', async (given, sample, fail) => {
      const { before } = await trade(given, sample, fail);
      await given.pass(60);
      const back = { ...sample, units: opposite(sample.units) };
      const { after, quote } = await trade(given, back, fail, { isFresh: false });
      const hint = 'The opposite size has to close all that was opened.';
      const tolerance = Math.max(near(given, quote, 'units'), 1e-3 * Math.abs(Number(sample.units)));
      requireNear(after.deltaUnits, before.deltaUnits, tolerance, 'the delta to be again', hint, fail);
    }),
  ];
}

interface Traded {
  readonly given: InstrumentSubject;
  readonly quote: TradeQuote;
  readonly calls: readonly Call[];
  readonly before: BookState;
  readonly after: BookState;
}

async function trade(
  given: InstrumentSubject,
  sample: InstrumentSample,
  fail: Fail,
  { isFresh = true }: { readonly isFresh?: boolean } = {},
): Promise<Traded> {
  if (isFresh) await given.reset();
  const before = await readBook(given, fail);
  const quote = await quoteOf(given, await requestOf(given, sample), fail);
  const calls = given.adapter.build(await acceptedBy(given, quote));
  await given.execute(calls);
  return { given, quote, calls, before, after: await readBook(given, fail) };
}

function traded(make: MakeCheck<InstrumentSubject>, name: string, body: (trade: Traded, fail: Fail) => void): Check {
  return each(make, name, async (given, sample, fail) => body(await trade(given, sample, fail), fail));
}

function each(
  make: MakeCheck<InstrumentSubject>,
  name: string,
  body: (given: InstrumentSubject, sample: InstrumentSample, fail: Fail) => Promise<void>,
): Check {
  return make(name, async (given, fail) => {
    for (const sample of given.samples) await body(given, sample, fail);
  });
}

function near({ spot, tolerance = TOLERANCE }: InstrumentSubject, { units }: TradeQuote, of?: 'units'): number {
  return tolerance * Math.abs(Number(units)) * (of === 'units' ? 1 : spot);
}

function requireNear(got: number, said: number, tolerance: number, what: string, hint: string, fail: Fail): void {
  if (Math.abs(got - said) <= tolerance) return;
  fail(`${what} ${said}, as was said`, `it is ${got}`, hint);
}

async function requestOf(given: InstrumentSubject, sample: InstrumentSample): Promise<TradeRequest> {
  const { owner, spot } = given;
  return { ...sample, owner, spot, slippageBps: SLIPPAGE_BPS, deadline: (await given.nowSeconds()) + 3_600 };
}

/** A request in the world as it was at first. */
async function fresh(given: InstrumentSubject, sample: InstrumentSample): Promise<TradeRequest> {
  await given.reset();
  return requestOf(given, sample);
}

function quoteOf(given: InstrumentSubject, request: TradeRequest, fail: Fail): Promise<TradeQuote> {
  return mustAnswer('quote()', (signal) => given.adapter.quote(request, signal), patienceOf(given), fail);
}

async function acceptedBy(given: InstrumentSubject, quote: TradeQuote): Promise<TradeFill> {
  return { quote, owner: given.owner, deadline: (await given.nowSeconds()) + 3_600 };
}

async function fillOf(given: InstrumentSubject, sample: InstrumentSample, fail: Fail): Promise<TradeFill> {
  return acceptedBy(given, await quoteOf(given, await fresh(given, sample), fail));
}

async function callsOf(given: InstrumentSubject, sample: InstrumentSample, fail: Fail): Promise<readonly Call[]> {
  return given.adapter.build(await fillOf(given, sample, fail));
}

const opposite = (units: string): string => (units.startsWith('-') ? units.slice(1) : `-${units}`);
