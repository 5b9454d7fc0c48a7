import {
  type Address,
  type Chain,
  type DecimalString,
  interval,
  NATIVE_ADDRESS,
  parseDecimal,
  type PositionReading,
  type PositionSource,
  sameAddress,
  type Token,
} from '@evenkeel/core';
import { InvalidInputError } from '@evenkeel/intents';
import { Interface } from 'ethers';
import { deepFreeze } from '../common/freeze.js';
import { MULTICALL3_ADDRESS } from '../json-rpc/multicall.js';
import { type KnownReading, positionId, unreadable } from '../positions/readings.js';
import { asOfBlock } from '../uniswap/pool.js';
import { allOf, type Read, runRead, viewCall } from '../uniswap/read.js';
import { uintOutput } from '../uniswap/schemas.js';

/** A token to look for, and what a unit of it means for the exposure. */
export interface HeldToken {
  /** The zero address stands for the native coin. */
  readonly token: Token;
  /** Delta of one unit: "1" for WETH, "0" for USDC, the rate for a staked token. */
  readonly deltaPerUnit: DecimalString;
  /** Value of one unit in numeraire that does not move with the spot: "1" for USDC, "0" for WETH. */
  readonly valuePerUnit: DecimalString;
}

export interface Erc20HoldingsOptions {
  readonly chain: Chain;
  readonly tokens: readonly HeldToken[];
  /** Where native balances are read. Default: the address that Multicall3 has nearly everywhere. */
  readonly multicall3?: Address;
  /** Default: `holdings-` and the chain's id. */
  readonly id?: string;
}

const erc20Abi = new Interface(['function balanceOf(address) view returns (uint256)']);
const multicallAbi = new Interface(['function getEthBalance(address) view returns (uint256)']);

/**
 * What an owner holds of some tokens and the native coin of one chain, as positions; all in one request and at one block.
 * A token of which nothing is held is a known position of zero. When the chain cannot be read each token is *unknown*;
 * one without delta is then known to add none.
 *
 * @throws {InvalidInputError} for a token of another chain or a number that is none. `read` throws only when it is
 * aborted.
 *
 * @example
 * ```ts
 * const source = erc20Holdings({ chain, tokens: [{ token: weth, deltaPerUnit: '1', valuePerUnit: '0' }] })
 * const readings = await source.read(owner, signal)
 * ```
 */
export function erc20Holdings(options: Erc20HoldingsOptions): PositionSource {
  const { chain, multicall3 = MULTICALL3_ADDRESS, tokens: wanted } = options;
  const source = { id: options.id ?? `holdings-${chain.id}`, name: `Holdings on ${chain.name}`, chain };
  const tokens: readonly HeldToken[] = wanted.map((held, index) => checked(held, chain, `tokens[${index}]`));
  const lastSeen = new Map<Address, ReadonlyMap<string, KnownReading>>();

  const known = new Map<Address, Read<readonly bigint[]>>();
  /** Encoded once an owner: who keeps thousands of them asks at every block. */
  const readOf = (owner: Address): Read<readonly bigint[]> => {
    const read = known.get(owner) ?? allOf(tokens.map(({ token }) => balanceRead(token, owner, multicall3)));
    known.set(owner, read);
    return read;
  };

  const read = async (owner: Address, signal: AbortSignal): Promise<readonly PositionReading[]> => {
    const ids = tokens.map(({ token }) => positionId(source.id, owner, token.address));
    try {
      const { value: balances, block } = await runRead(chain, readOf(owner), signal);
      const readings = tokens.map(({ token, ...perUnit }, index): KnownReading => ({
        status: 'known',
        id: ids[index]!,
        label: `${token.symbol} on ${chain.name}`,
        position: { kind: 'holding', amount: { token, atoms: balances[index]! }, ...perUnit },
        asOf: asOfBlock(source.id, chain.id, block),
      }));
      lastSeen.set(owner, new Map(readings.map((reading) => [reading.id, reading])));
      return deepFreeze(readings);
    } catch (error) {
      const never = { source: source.id, timeSeconds: 0, chainId: chain.id };
      const last = tokens.map(({ token }, index): PositionReading => ({
        status: 'unknown',
        id: ids[index]!,
        label: `${token.symbol} on ${chain.name}`,
        reason: 'never read',
        asOf: lastSeen.get(owner)?.get(ids[index]!)?.asOf ?? never,
      }));
      const unknown = unreadable(error, source, owner, last, signal);
      // Whatever the amount: none of it has a delta.
      const bounded = unknown.map((reading, index) =>
        isZero(tokens[index]!.deltaPerUnit) ? { ...reading, deltaBounds: interval('0') } : reading,
      );
      return deepFreeze(bounded);
    }
  };
  return Object.freeze({ id: source.id, name: source.name, read });
}

function balanceRead(token: Token, owner: Address, multicall3: Address): Read<bigint> {
  return sameAddress(token.address, NATIVE_ADDRESS)
    ? viewCall(multicallAbi, 'getEthBalance', multicall3, [owner], uintOutput)
    : viewCall(erc20Abi, 'balanceOf', token.address, [owner], uintOutput);
}

function checked(held: HeldToken, chain: Chain, field: string): HeldToken {
  if (held.token.chainId !== chain.id) {
    throw new InvalidInputError(
      `${field}.token.chainId`,
      held.token.chainId,
      `is not ${chain.id}`,
      'Give each chain a source of its own.',
    );
  }
  parseDecimal(held.deltaPerUnit, `${field}.deltaPerUnit`);
  parseDecimal(held.valuePerUnit, `${field}.valuePerUnit`);
  const { deltaPerUnit, token, valuePerUnit } = held;
  return { token: { ...token }, deltaPerUnit, valuePerUnit };
}

function isZero(value: DecimalString): boolean {
  return parseDecimal(value, 'deltaPerUnit').isZero();
}
