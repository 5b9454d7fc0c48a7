import type { Address } from '@evenkeel/core';
import { Interface } from 'ethers';
import { type Read, type Settled, settledRead, structOf, viewCall } from '../uniswap/read.js';
import { addressOutput, uintOutput } from '../uniswap/schemas.js';
import type { Advance, StagedRead } from '../uniswap/staged-read.js';

const vaultAbi = new Interface([
  'function asset() view returns (address)',
  'function balanceOf(address) view returns (uint256)',
  'function totalSupply() view returns (uint256)',
  'function totalAssets() view returns (uint256)',
  'function convertToAssets(uint256) view returns (uint256)',
]);
const tokenAbi = new Interface(['function decimals() view returns (uint8)']);

/** What a vault says of itself and of one owner, in one block. */
export interface VaultState {
  readonly asset: Address;
  readonly assetDecimals: bigint;
  readonly shares: bigint;
  readonly totalShares: bigint;
  readonly totalAssets: bigint;
  /** Of the shares that were asked about. */
  readonly assets: bigint;
}

/** How many shares the owner had the last time: what they convert to can be asked in the same request. */
type KnownShares = bigint;

export function stagedVault(
  vault: Address,
  asset: Address,
  owner: Address,
): StagedRead<KnownShares, Settled<VaultState>, Settled<VaultState>> {
  const view = (name: string, args: readonly unknown[] = []): Read<bigint> =>
    viewCall(vaultAbi, name, vault, args, uintOutput);
  return {
    key: `${vault}/${owner}`.toLowerCase(),
    unknown: 0n,
    plan: (shares) =>
      settledRead(
        structOf<VaultState & Readonly<Record<string, unknown>>>({
          asset: viewCall(vaultAbi, 'asset', vault, [], addressOutput),
          assetDecimals: viewCall(tokenAbi, 'decimals', asset, [], uintOutput),
          shares: view('balanceOf', [owner]),
          totalShares: view('totalSupply'),
          totalAssets: view('totalAssets'),
          assets: view('convertToAssets', [shares]),
        }),
      ),
    advance: (shares, state): Advance<KnownShares, Settled<VaultState>> =>
      state.kind === 'value' && state.value.shares !== shares
        ? { kind: 'again', view: state.value.shares }
        : { kind: 'done', value: state },
  };
}
