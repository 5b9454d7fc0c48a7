import { eoaAccount } from '@evenkeel/accounts';
import { lyraSettlement } from '@evenkeel/adapters/lyra';
import { perpV2Deposit, perpV2Margin, perpV2Withdrawal, readPerpV2Account } from '@evenkeel/adapters/perp-v2';
import type { Account, Address, Call } from '@evenkeel/core';
import { simulatePath } from '@evenkeel/core/backtest';
import type { HoldingComparison } from '@evenkeel/core/holding';
import { marginBreaches, perpetualMargin, planTopUp } from '@evenkeel/core/margin';
import { reconcile } from '@evenkeel/core/report';
import type { Actors, World } from '@evenkeel/devnet';
import { Wallet } from 'ethers';
import { ANNUAL_VOLATILITY, decideHedge, type HedgeContext, type KnownCurves, MARGIN_LIMITS } from './hedge.js';
import { createLedger, type Ledger, type Movements } from './ledger.js';
import { lendersOf, walletsOf } from './wallets.js';
import { type BookLook, hedgeUnits, lookAtBook } from './look.js';
import type { DerivativeChain, Markets } from './markets.js';
import { measureTrade } from './measured-trade.js';
import { depositMargins, fundOwner, openOptions } from './open-book.js';
import { moveMarket } from './move-market.js';
import type { BookEvent, BookRun, HedgeTrade, LookRecord, OpenedRecord } from './records.js';
import { sendCalls } from './send.js';

const SPOT = 3_000;

/** Hears what happens as it happens. */
export interface BookListener {
  opened(option: OpenedRecord): void;
  looked(look: LookRecord): void;
  traded(trade: HedgeTrade): void;
  happened(event: BookEvent): void;
  progress(done: number, of: number): void;
}

export interface BookOptions {
  /** Draws the market's path. */
  readonly seed: number;
  /** Between two looks at the book. */
  readonly stepSeconds: number;
  readonly listener: BookListener;
}

/** All that is fixed for a run. */
interface Run {
  readonly world: World;
  readonly actors: Actors;
  readonly markets: Markets;
  readonly account: Account;
  readonly owner: Address;
  readonly ledger: Ledger;
  readonly lenders: ReadonlyMap<number, readonly Address[]>;
  readonly expirySeconds: number;
  readonly stepSeconds: number;
  readonly listener: BookListener;
  readonly signal: AbortSignal;
  readonly trades: HedgeTrade[];
  readonly looks: LookRecord[];
  readonly events: BookEvent[];
  /** Of all that was offered. */
  readonly cheapest: { costShare: number };
  /** Numeraire. */
  readonly gas: { hedge: number; book: number };
}

/**
 * Writes and buys real options, then takes the market along a path until they expire, and at each look hedges by the policy
 * with whatever is cheapest to hold; settles, closes all hedges and takes all margin back.
 */
export async function runBook(
  world: World,
  actors: Actors,
  markets: Markets,
  { listener, seed, stepSeconds }: BookOptions,
  signal: AbortSignal,
): Promise<BookRun> {
  const account = eoaAccount(new Wallet(world.accounts.owner.privateKey));
  const owner = world.accounts.owner.address;
  await fundOwner(world, markets);
  const tokens = markets.chains.flatMap((each) => Object.values(each.tokens));
  const ledger = createLedger(owner, tokens);
  const startSeconds = await world.clockSeconds();
  const expirySeconds = await firstExpiry(markets, signal);
  const run: Run = {
    world,
    actors,
    markets,
    account,
    owner,
    ledger,
    lenders: await lendersOf(markets),
    expirySeconds,
    stepSeconds,
    listener,
    signal,
    trades: [],
    looks: [],
    events: [],
    cheapest: { costShare: Infinity },
    gas: { hedge: 0, book: 0 },
  };
  const opening = await walletsOf(markets, owner, signal);
  const marginGas = await depositMargins({
    markets,
    account,
    ledger,
    spot: SPOT,
    deadline: startSeconds + 3_600,
    signal,
  });
  run.gas.hedge += Number(marginGas) * 1e-18 * SPOT;
  const opened: OpenedRecord[] = [];
  await openOptions({ markets, account, ledger, spot: SPOT, deadline: startSeconds + 3_600, signal }, (option) => {
    const record = {
      chainId: option.chain.chain.id,
      instrument: option.quote.instrument,
      units: option.quote.units,
      spreadCost: option.quote.cost,
    };
    run.gas.book += Number(option.gasWei) * 1e-18 * SPOT;
    opened.push(record);
    listener.opened(record);
  });
  const steps = Math.floor((expirySeconds - startSeconds) / stepSeconds);
  const path = simulatePath({
    model: { kind: 'gbm', annualDrift: 0, annualVolatility: ANNUAL_VOLATILITY },
    spot: SPOT,
    startSeconds,
    stepSeconds,
    steps: steps + 1,
    seed,
    index: 0,
  });
  let known: KnownCurves = { buy: undefined, sell: undefined };
  for (let step = 0; step <= steps; step += 1) {
    const spot = Number(path.prices[step]!.toFixed(2));
    if (step > 0) await moveMarket(world, actors, startSeconds + step * stepSeconds, spot);
    known = await lookAndHedge(run, spot, known);
    listener.progress(step + 1, steps + 2);
  }
  const last = Number(path.prices[steps + 1]!.toFixed(2));
  await moveMarket(world, actors, Math.max(expirySeconds + 1, await world.clockSeconds()), last);
  await settle(run, last);
  await closeHedges(run, last);
  listener.progress(steps + 2, steps + 2);
  const closing = await walletsOf(markets, owner, signal);
  const books = reconcile({ opening, flows: ledger.flows(), closing });
  return {
    opened,
    looks: run.looks,
    trades: run.trades,
    events: run.events,
    gas: run.gas,
    cheapest: run.cheapest,
    endSeconds: expirySeconds,
    spot: { opening: SPOT, closing: last },
    books,
    wallets: { opening, closing },
  };
}

async function firstExpiry({ adapters }: Markets, signal: AbortSignal): Promise<number> {
  const listed = await adapters.lyra.list(signal);
  return Math.min(...listed.map(({ expirySeconds }) => expirySeconds ?? Infinity));
}

async function contextOf(run: Run, spot: number): Promise<HedgeContext> {
  const { expirySeconds, markets, owner, signal, stepSeconds, world } = run;
  const fees = await Promise.all(
    markets.chains.map(async ({ chain }) => [chain.id, (await chain.fees(signal)).baseFeeWei] as const),
  );
  const nowSeconds = await world.clockSeconds();
  return { markets, owner, spot, nowSeconds, expirySeconds, stepSeconds, gasPriceWei: Object.fromEntries(fees) };
}

async function lookAndHedge(run: Run, spot: number, known: KnownCurves): Promise<KnownCurves> {
  const { listener, markets, owner, signal } = run;
  const context = await contextOf(run, spot);
  const look = await lookAtBook(markets, owner, context, signal);
  await keepMargins(run, spot);
  const { choice, choices, curves, decision } = await decideHedge(look, context, known, signal);
  for (const { compared } of choices) for (const each of compared) rememberCheapest(run, each, spot);
  const record: LookRecord = {
    atSeconds: context.nowSeconds,
    spot,
    delta: middleOf(look),
    bookDelta: middleOf(look) - hedgeUnits(look),
    decision: { action: decision.action, reason: decision.reason, sentence: decision.sentence },
    tradedUnits: choice === undefined ? 0 : Number(choice.chosen.quote.units),
  };
  run.looks.push(record);
  listener.looked(record);
  if (choice !== undefined) {
    const { chosen, compared, refused } = choice;
    await trade(run, chosen, { atSeconds: context.nowSeconds, spot, compared, refused, why: 'policy' });
  }
  return curves;
}

const middleOf = ({ exposure: { delta } }: BookLook): number => (Number(delta.low) + Number(delta.high)) / 2;

/** The least that a unit was ever offered for, one way and without basis, which is no price of trading. */
function rememberCheapest({ cheapest }: Run, { quote }: HoldingComparison, spot: number): void {
  const share = (quote.cost - quote.basis) / (Math.abs(Number(quote.units)) * spot);
  cheapest.costShare = Math.min(cheapest.costShare, Math.max(0, share));
}

async function trade(
  run: Run,
  { quote, ...compared }: HoldingComparison,
  about: Pick<HedgeTrade, 'atSeconds' | 'compared' | 'refused' | 'spot' | 'why'>,
): Promise<void> {
  const { account, lenders, listener, markets, owner } = run;
  const at = markets.chains.find(({ chain }) => chain.id === quote.chainId)!;
  const adapter = Object.values(markets.adapters).find(({ id }) => id === quote.adapter)!;
  const calls = adapter.build({ quote, owner, deadline: about.atSeconds + 600 });
  const movements = await send(run, at, account, calls, adapter.targets(quote.chainId));
  const measured = measureTrade(at, movements, lenders.get(at.chain.id) ?? [], about.spot);
  const gasCost = Number(movements.gasWei) * 1e-18 * about.spot;
  run.gas.hedge += gasCost;
  const record: HedgeTrade = {
    ...about,
    adapter: quote.adapter,
    chainId: quote.chainId,
    instrument: quote.instrument,
    deltaUnits: measured.units,
    costBps: compared.costBps,
    holdingCostBpsPerDay: compared.holdingCostBpsPerDay,
    measured,
    gasCost,
  };
  run.trades.push(record);
  listener.traded(record);
}

function send(
  { ledger, signal }: Run,
  { chain, tokens }: DerivativeChain,
  account: Account,
  calls: readonly Call[],
  targets: readonly Address[],
): Promise<Movements> {
  const request = { chain, account, calls, targets, tokens: Object.values(tokens) };
  return sendCalls(request, signal).then((receipts) => ledger.book(chain.id, receipts));
}

/** Perpetuals that have come near to their liquidation get what brings them back, out of the wallet of their chain. */
async function keepMargins(run: Run, spot: number): Promise<void> {
  const { account, listener, markets, owner, signal } = run;
  for (const at of markets.chains) {
    const margin = perpetualMargin(perpV2Margin(await readPerpV2Account(at.perp, owner, signal)));
    const [breach] = marginBreaches(margin, MARGIN_LIMITS);
    if (breach === undefined) continue;
    const dollars = Math.ceil(planTopUp(margin, MARGIN_LIMITS, 1) * 1.1);
    const movements = await send(run, at, account, perpV2Deposit(at.perp, BigInt(dollars) * 10n ** 6n), [
      at.perp.vault,
    ]);
    run.gas.hedge += Number(movements.gasWei) * 1e-18 * spot;
    const event: BookEvent = {
      code: 'MARGIN_TOPPED_UP',
      chainId: at.chain.id,
      sentence: `The ${breach.limit} of the perpetual was ${breach.is.toPrecision(3)} where ${breach.allowed} is allowed: ${dollars} USDC were added.`,
    };
    run.events.push(event);
    listener.happened(event);
  }
}

async function settle(run: Run, spot: number): Promise<void> {
  const { account, listener, markets, owner, signal } = run;
  for (const at of markets.chains) {
    const { boardIds, calls, positionIds } = await lyraSettlement(at.lyra, owner, signal);
    if (calls.length === 0) continue;
    const targets = [at.lyra.optionMarket, at.lyra.shortCollateral];
    const movements = await send(run, at, account, calls, targets);
    run.gas.book += Number(movements.gasWei) * 1e-18 * spot;
    const event: BookEvent = {
      code: 'OPTIONS_SETTLED',
      chainId: at.chain.id,
      sentence: `Board ${boardIds.join(', ')} was settled at ${spot}, and ${positionIds.length} positions paid out.`,
    };
    run.events.push(event);
    listener.happened(event);
  }
}

/** Every hedge back, then all margin into the wallets. */
async function closeHedges(run: Run, spot: number): Promise<void> {
  const { account, markets, owner, signal } = run;
  const { adapters } = markets;
  const context = await contextOf(run, spot);
  const look = await lookAtBook(markets, owner, context, signal);
  for (const [key, held] of look.holdings) {
    if (Number(held) === 0) continue;
    const [adapterId, chainId] = key.split('/') as [string, string];
    const adapter = [adapters.perp, adapters.loan, adapters.spot].find(({ id }) => id === adapterId)!;
    const at = markets.chains.find(({ chain }) => chain.id === Number(chainId))!;
    const units = held.startsWith('-') ? held.slice(1) : `-${held}`;
    const deadline = context.nowSeconds + 600;
    const instrument = adapter === adapters.perp ? at.perp.baseToken.symbol : at.tokens.WETH.symbol;
    const request = { chainId: at.chain.id, instrument, units, owner, spot, slippageBps: 100, deadline };
    const quote = await adapter.quote(request, signal);
    const bps = 10_000 / (Math.abs(Number(units)) * spot);
    const compared = { quote, costBps: quote.cost * bps, holdingCostBpsPerDay: 0 } as HoldingComparison;
    await trade(run, compared, { atSeconds: context.nowSeconds, spot, compared: [], refused: [], why: 'expiry' });
  }
  for (const at of markets.chains) {
    const movements = await send(run, at, account, perpV2Withdrawal(at.perp, 'all'), [at.perp.vault]);
    run.gas.hedge += Number(movements.gasWei) * 1e-18 * spot;
  }
}
