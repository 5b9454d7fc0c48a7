import type { Gpv2Domain, Gpv2Order } from '@evenkeel/adapters/gpv2';
import { orderTypedData } from '@evenkeel/adapters/gpv2';
import type { Address, Hex } from '@evenkeel/core';
import type { BatchClearing } from '@evenkeel/core/batch';
import type { World, WorldSnapshot } from '@evenkeel/devnet';
import { id, Wallet } from 'ethers';
import { seededRandom } from '../../assemble/ambient.js';
import { chooseWay, type WayChoice } from '../choose-way.js';
import { readMarket, type ReadMarket, type WayKind } from '../market.js';
import { placeOf } from '../place.js';
import { type BatchRun, prepareBatch, type ReadyBatch, type SignFill } from '../settle-batch.js';
import { type Setting, type Spent, tradeAlone } from './alone.js';
import { type GasFloor, measureFloor } from './floor.js';
import { aloneInTurn, outsideCosts, type TogetherInTurn, togetherInTurn } from './in-turn.js';
import { commonPrice } from './measure.js';
import { measureWays, type MeasuredWay } from './measure-ways.js';
import { ownerPlaces } from './owner.js';
import { drawParticipants, fundParticipants, type Needs, type Participant } from './participants.js';
import { settle } from './settle.js';
import { grantAllowances } from './standing-allowances.js';

/** One participant, both ways. Costs in numeraire against mid, gas included. */
export interface Saving {
  readonly participant: Participant;
  readonly notional: number;
  readonly alone: Spent;
  readonly together: number;
  readonly savingBps: number;
  /** Empty where it was settled with the others. */
  readonly left: string;
}

export interface BatchDemo {
  readonly needs: Needs;
  readonly savings: readonly Saving[];
  readonly clearing: BatchClearing;
  readonly gasAlone: number;
  readonly gasTogether: number;
  readonly costAlone: number;
  readonly costTogether: number;
  readonly floor: GasFloor;
  /** Gas of the settlements, without those who traded alone after all. */
  readonly settledGas: number;
  /** Fees less gas of whoever settles, numeraire: what it gains by the batch. */
  readonly solverGain: number;
  readonly way: WayKind;
  /** Only of accounts of one owner: both ways, and why it was this one. */
  readonly choice:
    (Pick<WayChoice, 'sentence' | 'weighed'> & { readonly measured: readonly MeasuredWay[] }) | undefined;
  /** Units of gas of one standing allowance, which neither side is charged for. */
  readonly allowanceGas: number;
}

const VALID_SECONDS = 1_800;
const BASE_FEES_GWEI = [5, 0.1, 0.02];

/** Draws needs, trades them alone and together on the same state of the world, and compares. */
export async function runBatchDemo(
  world: World,
  needs: Needs,
  tell: (text: string) => void,
  signal: AbortSignal,
): Promise<BatchDemo> {
  const random = seededRandom(needs.seed);
  const solver = new Wallet(world.accounts.solver.privateKey);
  const owner = new Wallet(id('evenkeel batch owner'));
  const owners = needs.oneOwner ? await ownerPlaces(world, owner) : undefined;
  const places = world.chains.map((chain) => placeOf(chain, solver.address as Address, owners?.get(chain.id)));
  await resetFees(world);
  const markets = await Promise.all(places.map((place) => readMarket(place, signal)));
  const nowSeconds = await world.clockSeconds();
  const participants = drawParticipants(needs, markets, random, nowSeconds);
  tell(`Funding ${participants.length} portfolios …`);
  await fundParticipants(world, participants, markets);
  const allowanceGas = await grantAllowances(world, participants, markets);
  await resetFees(world);
  const start = await world.snapshot();

  const price = commonPrice(markets);
  const deadline = nowSeconds + VALID_SECONDS;
  const setting: Setting = { world, markets, participants, price, deadline, tell, signal };
  const waits = !needs.sameSign;
  const alone = waits ? await untouched(setting, start) : await aloneInTurn(setting, start);

  tell('Clearing, signing and simulating the batch …');
  await resetFees(world);
  const sign = signWith(participants);
  const run: Omit<BatchRun, 'way'> = {
    markets,
    orders: participants.map(({ order }) => order),
    nowSeconds,
    alone: waits ? 'untouched' : 'in-turn',
    ...(waits ? {} : { outsideCosts: outsideCosts(setting, alone) }),
    validTo: deadline,
    sign,
    feeReceiver: solver.address as Address,
    signal,
  };
  const payers = { gpv2: solver, multicall: owner };
  const choice = needs.oneOwner ? await chooseWay(run, payersOf(payers)) : undefined;
  const way = choice?.way ?? 'gpv2';
  const batch = choice?.batch ?? (await prepareBatch(run));
  const payer = payers[way];
  const ready = await world.snapshot();
  const measured = choice === undefined ? [] : await measureWays(world, choice, payers, ready);
  const floor = await measureFloor(world, batch);
  await world.revert(ready);
  const isAtOnce = waits || batch.clearing.removed.length === 0;
  const together = isAtOnce
    ? await atOnce(setting, batch, payer, alone)
    : await togetherInTurn(setting, ready, { alone, batch, solver: payer, sign, way });
  const compared = compare({ needs, participants, markets, alone, batch, together, floor, allowanceGas });
  return Object.freeze({ ...compared, way, choice: choice === undefined ? undefined : { ...choice, measured } });
}

function payersOf({ gpv2, multicall }: Readonly<Record<WayKind, Wallet>>): Record<WayKind, Address> {
  return { gpv2: gpv2.address as Address, multicall: multicall.address as Address };
}

/** Blocks that are nearly empty lower the base fee: each measured part begins at the same one. */
async function resetFees(world: World): Promise<void> {
  for (const [i, { id }] of world.chains.entries()) await world.setBaseFee(id, BASE_FEES_GWEI[i]!);
}

/** Everybody alone on the same market: it is restored before each. */
async function untouched(setting: Setting, start: WorldSnapshot): Promise<readonly Spent[]> {
  const { participants, tell, world } = setting;
  const spent: Spent[] = [];
  for (const participant of participants) {
    if (spent.length % 10 === 0)
      tell(`Alone, the market restored before each: ${spent.length} of ${participants.length} …`);
    spent.push(await tradeAlone(setting, participant));
    await world.revert(start);
  }
  return spent;
}

function signWith(participants: readonly Participant[]): SignFill {
  const wallets = new Map(participants.map(({ order, wallet }) => [order.id, wallet]));
  return async (domain: Gpv2Domain, order: Gpv2Order, intent) => {
    const wallet = wallets.get(intent.id)!;
    const { domain: signed, message, types } = orderTypedData(domain, order);
    const fields = Object.fromEntries(Object.entries(types).filter(([name]) => name !== 'EIP712Domain'));
    const signature = await wallet.signTypedData(signed, mutable(fields), message);
    return { scheme: 'eip712', owner: wallet.address as Address, signature: signature as Hex };
  };
}

/** A copy for a library whose types ask for arrays that it may write to. */
function mutable<T>(types: Readonly<Record<string, readonly T[]>>): Record<string, T[]> {
  return Object.fromEntries(Object.entries(types).map(([name, fields]) => [name, [...fields]]));
}

/** One settlement for all; whoever is not in it has traded on an untouched market already, or trades after it. */
async function atOnce(
  setting: Setting,
  batch: ReadyBatch,
  solver: Wallet,
  alone: readonly Spent[],
): Promise<TogetherInTurn> {
  const { participants, tell } = setting;
  const left = new Set(batch.clearing.removed.map(({ orderId }) => orderId));
  tell('Settling …');
  const { costs, gas, solverGain } = await settle(setting, batch, participants, solver);
  const spent = participants.map(({ order }, i) =>
    left.has(order.id) ? alone[i]! : { gas: 0, cost: costs.get(order.id)! },
  );
  const settled = new Set(participants.flatMap(({ order }) => (left.has(order.id) ? [] : [order.id])));
  return { spent, settled, settledGas: gas, solverGain };
}

function compare(run: {
  readonly needs: Needs;
  readonly participants: readonly Participant[];
  readonly markets: readonly ReadMarket[];
  readonly alone: readonly Spent[];
  readonly batch: ReadyBatch;
  readonly together: TogetherInTurn;
  readonly floor: GasFloor;
  readonly allowanceGas: number;
}): Omit<BatchDemo, 'choice' | 'way'> {
  const { alone, allowanceGas, batch, floor, markets, needs, participants, together } = run;
  const reasons = new Map(batch.clearing.removed.map(({ code, orderId }) => [orderId, code]));
  const savings = participants.map((participant, i): Saving => {
    const { market, midPrice } = markets.find(({ place }) => place.chain.id === participant.chainIds[0])!;
    const notional = (Number(participant.order.baseAtoms) / 10 ** market.base.decimals) * Number(midPrice);
    const { cost } = together.spent[i]!;
    const savingBps = ((alone[i]!.cost - cost) / notional) * 1e4;
    return {
      participant,
      notional,
      alone: alone[i]!,
      together: cost,
      savingBps,
      left: together.settled.has(participant.order.id) ? '' : (reasons.get(participant.order.id) ?? 'BETTER_ALONE'),
    };
  });
  return Object.freeze({
    needs,
    savings: Object.freeze(savings),
    clearing: batch.clearing,
    gasAlone: sum(alone, ({ gas }) => gas),
    gasTogether: together.settledGas + sum(together.spent, ({ gas }) => gas),
    costAlone: sum(alone, ({ cost }) => cost),
    // What the solver gains or loses is a cost of the batch as well: nobody pays for it from outside.
    costTogether: sum(savings, (saving) => saving.together) - together.solverGain,
    floor,
    settledGas: together.settledGas,
    solverGain: together.solverGain,
    allowanceGas,
  });
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
