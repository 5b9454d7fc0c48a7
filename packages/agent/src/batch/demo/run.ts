import type { Gpv2Domain, Gpv2Order } from '@evenkeel/adapters/gpv2';
import { orderTypedData } from '@evenkeel/adapters/gpv2';
import type { Address, Hex } from '@evenkeel/core';
import type { BatchClearing } from '@evenkeel/core/batch';
import type { World, WorldSnapshot } from '@evenkeel/devnet';
import { Wallet } from 'ethers';
import { seededRandom } from '../../assemble/ambient.js';
import { readMarket, type ReadMarket } from '../market.js';
import { placeOf } from '../place.js';
import { prepareBatch, type ReadyBatch, type SignFill } from '../settle-batch.js';
import { type Setting, type Spent, tradeAlone } from './alone.js';
import { type GasFloor, measureFloor } from './floor.js';
import { commonPrice, worthOf } from './measure.js';
import { drawParticipants, fundParticipants, type Needs, type Participant } from './participants.js';
import { send } from './send.js';
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
  /** Fees less gas of the solver, numeraire: what it gains by the batch. */
  readonly solverGain: number;
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
  const places = world.chains.map((chain) => placeOf(chain, solver.address as Address));
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
  const alone = waits ? await untouched(setting, start) : await inTurn(setting, start);

  tell('Clearing, signing and simulating the batch …');
  await resetFees(world);
  const batch = await prepareBatch({
    markets,
    orders: participants.map(({ order }) => order),
    nowSeconds,
    alone: waits ? 'untouched' : 'in-turn',
    validTo: deadline,
    sign: signWith(participants),
    feeReceiver: solver.address as Address,
    signal,
  });
  const ready = await world.snapshot();
  const floor = await measureFloor(world, batch);
  await world.revert(ready);
  tell('Settling …');
  const together = await settleAll(setting, batch, solver);
  const left = new Set(batch.clearing.removed.map(({ orderId }) => orderId));
  for (const [i, participant] of participants.entries()) {
    if (!left.has(participant.order.id)) continue;
    // Who waits for a market that has recovered has traded on it already, above.
    const spent = waits ? alone[i]! : await tradeAlone(setting, participant);
    together.costs.set(participant.order.id, spent.cost);
    together.gas += spent.gas;
  }
  return compare({ needs, participants, markets, alone, batch, together, floor, allowanceGas });
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

/** Orders of turns: each begins so far into the list, and each is gone through both ways. */
const ROTATIONS = 4;

/** Everybody alone in one market that nobody restores, one after another; the average over several orders of turns. */
async function inTurn(setting: Setting, start: WorldSnapshot): Promise<readonly Spent[]> {
  const { markets, participants, tell, world } = setting;
  const sums = new Map<Participant, Spent>();
  for (let round = 0; round < 2 * ROTATIONS; round += 1) {
    tell(`One after another, order of turns ${round + 1} of ${2 * ROTATIONS} …`);
    // What happens on one chain is nothing to another.
    const chains = markets.map(async ({ place }) => {
      const here = participants.filter(({ chainIds }) => chainIds[0] === place.chain.id);
      const first = Math.floor((here.length * (round >> 1)) / ROTATIONS);
      const turns = [...here.slice(first), ...here.slice(0, first)];
      for (const participant of round % 2 === 0 ? turns : turns.reverse()) {
        const { cost, gas } = await tradeAlone(setting, participant);
        const sum = sums.get(participant) ?? { cost: 0, gas: 0 };
        sums.set(participant, { cost: sum.cost + cost, gas: sum.gas + gas });
      }
    });
    await Promise.all(chains);
    await world.revert(start);
  }
  return participants.map((participant) => {
    const { cost, gas } = sums.get(participant)!;
    return { cost: cost / (2 * ROTATIONS), gas: gas / (2 * ROTATIONS) };
  });
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

interface Together {
  /** Of the settlements alone. */
  readonly settledGas: number;
  /** Numeraire by order id. */
  readonly costs: Map<string, number>;
  gas: number;
  readonly solverGain: number;
}

/** Sends every chain's settlement. */
async function settleAll(
  { markets, participants, price, world }: Setting,
  { settlements }: ReadyBatch,
  solver: Wallet,
): Promise<Together> {
  const worths = async (): Promise<readonly number[]> =>
    Promise.all(participants.map(({ wallet }) => worthOf(world, markets, price, wallet.address)));
  const [before, solverBefore] = [await worths(), await worthOf(world, markets, price, solver.address)];
  let [gas, gasCost] = [0, 0];
  for (const { call, gasCost: perUnit, place } of settlements) {
    const receipt = await send(world.chain(place.chain.id), solver, call);
    gas += Number(receipt.gasUsed);
    gasCost += Number(receipt.gasUsed) * perUnit;
  }
  const [after, solverAfter] = [await worths(), await worthOf(world, markets, price, solver.address)];
  const costs = new Map(participants.map(({ order }, i) => [order.id, before[i]! - after[i]!]));
  return { costs, gas, settledGas: gas, solverGain: solverAfter - solverBefore - gasCost };
}

function compare(run: {
  readonly needs: Needs;
  readonly participants: readonly Participant[];
  readonly markets: readonly ReadMarket[];
  readonly alone: readonly Spent[];
  readonly batch: ReadyBatch;
  readonly together: Together;
  readonly floor: GasFloor;
  readonly allowanceGas: number;
}): BatchDemo {
  const { alone, allowanceGas, batch, floor, markets, needs, participants, together } = run;
  const reasons = new Map(batch.clearing.removed.map(({ code, orderId }) => [orderId, code]));
  const savings = participants.map((participant, i): Saving => {
    const { market, midPrice } = markets.find(({ place }) => place.chain.id === participant.chainIds[0])!;
    const notional = (Number(participant.order.baseAtoms) / 10 ** market.base.decimals) * Number(midPrice);
    const cost = together.costs.get(participant.order.id)!;
    const savingBps = ((alone[i]!.cost - cost) / notional) * 1e4;
    return {
      participant,
      notional,
      alone: alone[i]!,
      together: cost,
      savingBps,
      left: reasons.get(participant.order.id) ?? '',
    };
  });
  return Object.freeze({
    needs,
    savings: Object.freeze(savings),
    clearing: batch.clearing,
    gasAlone: sum(alone, ({ gas }) => gas),
    gasTogether: together.gas,
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
