import {
  type Address,
  type AsOf,
  type Chain,
  Decimal,
  type DecimalString,
  parseDecimal,
  type Position,
  type PositionReading,
  type PositionSource,
  sameAddress,
  type Token,
} from '@evenkeel/core';
import { InvalidInputError } from '@evenkeel/intents';
import { deepFreeze } from '../common/freeze.js';
import { positionId, unknownReading, unreadable } from '../positions/readings.js';
import { asOfBlock } from '../uniswap/pool.js';
import { readStaged } from '../uniswap/staged-read.js';
import { stagedVault, type VaultState } from './vault-read.js';

/** A vault to look into, and what a unit of its asset means for the exposure. */
export interface HeldVault {
  readonly vault: Address;
  /** The token that the vault is counted in. */
  readonly asset: Token;
  /** Delta of one unit of the asset: "1" for WETH, "0" for USDC, rate × basis for a staked token. */
  readonly deltaPerUnit: DecimalString;
  /** Value of one unit in numeraire that does not move with the spot: "1" for USDC, "0" for WETH. */
  readonly valuePerUnit: DecimalString;
  /** Names the asset where its price may leave what `deltaPerUnit` says: "wstETH". */
  readonly basisAsset?: string;
  /** Whose spot the asset follows. Default: the book's own underlying. */
  readonly underlying?: string;
}

export interface Erc4626HoldingsOptions {
  readonly chain: Chain;
  readonly vaults: readonly HeldVault[];
  /** Default: `erc4626-` and the chain's id. */
  readonly id?: string;
}

/** What a share converts to may differ so much from the vault's totals: fees, virtual shares, profit not released yet. */
const TOLERANCE_BPS = 100n;

/**
 * Shares of ERC-4626 vaults, looked through: what an owner's shares convert to, with the greeks of the asset. One
 * request as long as the owner's shares stay the same; all of it at one block.
 *
 * A vault that reverts, has another asset or other decimals than stated, converts shares to nothing, or says of a share
 * what its own totals do not bear out, is *unknown*; the others are read. No shares are a known position of nothing.
 *
 * @throws {InvalidInputError} for an asset of another chain or a number that is none. `read` throws only when it is
 * aborted.
 *
 * @example
 * ```ts
 * const source = erc4626Holdings({
 *   chain,
 *   vaults: [{ vault: '0x…', asset: weth, deltaPerUnit: '1', valuePerUnit: '0' }],
 * })
 * const readings = await source.read(owner, signal)
 * ```
 */
export function erc4626Holdings(options: Erc4626HoldingsOptions): PositionSource {
  const { chain } = options;
  const source = { id: options.id ?? `erc4626-${chain.id}`, name: `ERC-4626 shares on ${chain.name}`, chain };
  const vaults = options.vaults.map((vault, index) => checked(vault, chain, `vaults[${index}]`));
  const memory = new Map<string, bigint>();
  const lastRead = new Map<string, AsOf>();

  const read = async (owner: Address, signal: AbortSignal): Promise<readonly PositionReading[]> => {
    const named = vaults.map((held) => ({
      id: positionId(source.id, owner, held.vault),
      label: `${held.asset.symbol} in the vault ${held.vault} on ${chain.name}`,
    }));
    try {
      const subjects = vaults.map(({ asset, vault }) => stagedVault(vault, asset.address, owner));
      const found = await readStaged(chain, subjects, memory, signal);
      return deepFreeze(
        found.map(({ block, value }, index): PositionReading => {
          const { id, label } = named[index]!;
          const asOf = asOfBlock(source.id, chain.id, block);
          const held = vaults[index]!;
          const problem = value.kind === 'value' ? problemOf(held, value.value) : value.reason;
          if (problem !== undefined || value.kind !== 'value') return unknownReading(id, label, problem ?? '', asOf);
          lastRead.set(id, asOf);
          return { status: 'known', id, label, position: positionOf(held, value.value), asOf };
        }),
      );
    } catch (error) {
      const never = { source: source.id, timeSeconds: 0, chainId: chain.id };
      const last = named.map(({ id, label }) => unknownReading(id, label, 'never read', lastRead.get(id) ?? never));
      return deepFreeze(unreadable(error, source, owner, last, signal));
    }
  };
  return Object.freeze({ id: source.id, name: source.name, read });
}

/** Why what the vault says cannot be true; undefined where it can. */
function problemOf({ asset }: HeldVault, state: VaultState): string | undefined {
  const { assetDecimals, assets, shares, totalAssets, totalShares } = state;
  if (!sameAddress(state.asset, asset.address)) return `its asset is ${state.asset}, not ${asset.address}`;
  if (assetDecimals !== BigInt(asset.decimals)) return `its asset has ${assetDecimals} decimals, not ${asset.decimals}`;
  if (shares === 0n) return assets === 0n ? undefined : 'it converts no shares to something';
  if (shares > totalShares) return `${shares} shares are more than all ${totalShares}`;
  if (assets === 0n) return `it converts ${shares} shares to nothing`;
  const expected = (shares * totalAssets) / totalShares;
  const apart = assets > expected ? assets - expected : expected - assets;
  if (apart <= 1n + (expected * TOLERANCE_BPS) / 10_000n) return undefined;
  return `it converts ${shares} shares to ${assets} atoms, its totals say ${expected}`;
}

function positionOf(
  { asset, basisAsset, deltaPerUnit, underlying, valuePerUnit }: HeldVault,
  state: VaultState,
): Position {
  const amountUnits = '1';
  const follows = underlying === undefined ? {} : { underlying };
  const unit = { amountUnits, deltaPerUnit, valuePerUnit, ...(basisAsset === undefined ? {} : { basisAsset }) };
  return {
    kind: 'vault',
    scale: new Decimal(state.assets.toString()).shiftedBy(-asset.decimals).toFixed(),
    ...follows,
    // One unit of the asset, supplied and not borrowed against.
    inside: [{ kind: 'lending', collateral: [{ ...unit, liquidationThreshold: '0' }], debt: [], ...follows }],
  };
}

function checked(held: HeldVault, chain: Chain, field: string): HeldVault {
  const { asset, deltaPerUnit, valuePerUnit } = held;
  if (asset.chainId !== chain.id) {
    const hint = 'Give each chain a source of its own.';
    throw new InvalidInputError(`${field}.asset.chainId`, asset.chainId, `is not ${chain.id}`, hint);
  }
  parseDecimal(deltaPerUnit, `${field}.deltaPerUnit`);
  parseDecimal(valuePerUnit, `${field}.valuePerUnit`);
  return { ...held, asset: { ...asset } };
}
