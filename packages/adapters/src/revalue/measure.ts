import {
  type Address,
  type Block,
  type Hex,
  NATIVE_ADDRESS,
  type SimulatedCall,
  type SimulatedResult,
  type StateOverride,
} from '@evenkeel/core';
import { InvalidInputError } from '@evenkeel/intents';
import { FunctionFragment, Interface } from 'ethers';
import { MeasurementTornError, OverrideIneffectiveError, ViewUnmovedError, ViewUnreadableError } from './errors.js';
import { STORAGE_READER } from './feed-code.js';
import type { RevalueOptions, ViewValue } from './revalue.js';

/** What five bumps of the price came to. */
export interface Measurement {
  readonly spot: number;
  /** At S·(1 − h), S·(1 − h/2), S, S·(1 + h/2), S·(1 + h); numeraire. */
  readonly values: readonly number[];
  readonly block: Pick<Block, 'number' | 'timeSeconds'>;
}

export type MeasureOptions = RevalueOptions & Required<Pick<RevalueOptions, 'bumpShare' | 'multicall3'>>;

const multicallAbi = new Interface([
  'function getBlockNumber() view returns (uint256)',
  'function getLastBlockHash() view returns (bytes32)',
]);

/** How far a price under override may be off: feeds round. */
const TOLERANCE = 1e-6;
/** A new block between two requests is bad luck once, and a node that is out of step the second time. */
const ATTEMPTS = 2;

/** @returns undefined where the owner has nothing of it. */
export async function measure(
  options: MeasureOptions,
  owner: Address,
  signal: AbortSignal,
): Promise<Measurement | undefined> {
  const stamps: string[] = [];
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const base = await baseValues(options, owner, signal);
    if (base.holding === 0n) return undefined;
    const spot = Number(base.price) / 10 ** options.price.decimals;
    if (!(spot > 0)) throw new ViewUnreadableError(options.price.signature, `answers the price ${spot}`);
    const factors = [-1, -0.5, 0.5, 1].map((step) => 1 + step * options.bumpShare);
    const bumped = await Promise.all(
      factors.map((factor) => bumpedValues(options, owner, { spot, factor, word: base.word }, signal)),
    );
    const all = [bumped[0]!, bumped[1]!, base, bumped[2]!, bumped[3]!];
    stamps.push(...all.map(({ stamp }) => stamp), String(base.block.number));
    if (new Set(all.map(({ stamp }) => stamp)).size > 1 || !isOn(base)) continue;
    assertPrices(options, spot, factors, bumped);
    const values = all.map(({ value }) => value);
    if (values.every((value) => value === values[0])) throw new ViewUnmovedError(options.value.signature, values[0]!);
    return {
      spot,
      values: values.map((value) => Number(value) / 10 ** options.value.decimals),
      block: base.block,
    };
  }
  throw new MeasurementTornError(stamps);
}

interface Values {
  readonly value: bigint;
  readonly price: bigint;
  /** Names the state that was read. */
  readonly stamp: string;
  readonly number: bigint;
}

interface BaseValues extends Values {
  readonly holding: bigint | undefined;
  readonly word: bigint;
  readonly block: Measurement['block'];
}

/** A simulation runs in the block after the latest, or, by nodes that know nothing better, in the latest itself. */
function isOn({ block, number }: BaseValues): boolean {
  return number === BigInt(block.number) || number === BigInt(block.number) + 1n;
}

async function baseValues(options: MeasureOptions, owner: Address, signal: AbortSignal): Promise<BaseValues> {
  const { bump, holding } = options;
  const views = holding === undefined ? [] : [holding];
  const [values, word, block] = await Promise.all([
    simulated(options, owner, views, {}, signal),
    bump.slot === undefined ? 0n : storedWord(options, bump.slot, signal),
    options.chain.block('latest', signal),
  ]);
  return { ...values, word, block, holding: values.others[0] };
}

/** The word in the slot, read by lending its contract another code: no node's storage methods are needed. */
async function storedWord({ bump, chain }: MeasureOptions, slot: Hex, signal: AbortSignal): Promise<bigint> {
  const calls = [{ to: bump.address, data: slot, valueWei: 0n }];
  const overrides = { [bump.address]: { code: STORAGE_READER } };
  const [result] = await chain.simulate({ from: NATIVE_ADDRESS, calls, overrides }, signal);
  return numberOf(result!, 'the storage slot', undefined);
}

async function bumpedValues(
  options: MeasureOptions,
  owner: Address,
  { factor, spot, word }: { readonly spot: number; readonly factor: number; readonly word: bigint },
  signal: AbortSignal,
): Promise<Values> {
  const { bump } = options;
  return simulated(options, owner, [], { [bump.address]: bump.override(spot, factor, word) }, signal);
}

/** The value, the price and the block, all in one simulation. */
async function simulated(
  options: MeasureOptions,
  owner: Address,
  others: readonly ViewValue[],
  overrides: Readonly<Record<Address, StateOverride>>,
  signal: AbortSignal,
): Promise<Values & { readonly others: readonly bigint[] }> {
  const { chain, multicall3, price, value } = options;
  const own = (name: string): SimulatedCall => ({
    to: multicall3,
    data: multicallAbi.encodeFunctionData(name) as Hex,
    valueWei: 0n,
  });
  const views = [value, price, ...others];
  const calls = [...['getBlockNumber', 'getLastBlockHash'].map(own), ...views.map((view) => callOf(view, owner))];
  const results = await chain.simulate({ from: NATIVE_ADDRESS, calls, overrides }, signal);
  const [number, hash] = results.slice(0, 2).map((result) => numberOf(result, 'Multicall3', undefined));
  const [worth, priced, ...rest] = views.map((view, index) => numberOf(results[2 + index]!, view.signature, view));
  return {
    value: worth!,
    price: priced!,
    others: rest,
    stamp: `${number} ${hash!.toString(16)}`,
    number: number!,
  };
}

/** @throws {InvalidInputError} for a signature that is none, or arguments that do not fit it */
export function assertView(view: ViewValue, field: string): void {
  try {
    callOf(view, NATIVE_ADDRESS);
  } catch (cause) {
    const hint =
      'Write it as in Solidity: "function valueOf(address owner) view returns (uint256)", with its arguments.';
    throw new InvalidInputError(field, view.signature, 'is not a view that can be called so', hint, { cause });
  }
}

/** By its fragment: of a signature that is none, an interface only prints a warning. */
function abiOf(signature: string): Interface {
  return new Interface([FunctionFragment.from(signature)]);
}

function callOf({ args = [], signature, to }: ViewValue, owner: Address): SimulatedCall {
  const abi = abiOf(signature);
  const name = abi.fragments[0]!.format('sighash');
  const filled = args.map((arg) => (arg === '$owner' ? owner : arg));
  return { to, data: abi.encodeFunctionData(name, filled) as Hex, valueWei: 0n };
}

function numberOf({ data, success }: SimulatedResult, name: string, view: ViewValue | undefined): bigint {
  if (!success) throw new ViewUnreadableError(name, 'reverts');
  if (view === undefined) {
    if (data.length === 66) return BigInt(data);
    throw new ViewUnreadableError(name, `answers ${data.length / 2 - 1} bytes instead of a word`);
  }
  try {
    const abi = abiOf(view.signature);
    const outputs = abi.decodeFunctionResult(abi.fragments[0]!.format('sighash'), data);
    const number: unknown = outputs[view.output ?? 0];
    if (typeof number === 'bigint') return number;
  } catch {
    // Said below.
  }
  throw new ViewUnreadableError(name, 'answers something else than a number');
}

function assertPrices(
  { price }: MeasureOptions,
  spot: number,
  factors: readonly number[],
  bumped: readonly Values[],
): void {
  bumped.forEach((each, index) => {
    const expected = spot * factors[index]!;
    const got = Number(each.price) / 10 ** price.decimals;
    if (Math.abs(got / expected - 1) > TOLERANCE) throw new OverrideIneffectiveError(expected, got);
  });
}
