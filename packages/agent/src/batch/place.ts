import type { OwnerPlace, SettlementPlace } from '@evenkeel/adapters/batch';
import { jsonRpcChain } from '@evenkeel/adapters/json-rpc';
import { uniswapV2 } from '@evenkeel/adapters/uniswap-v2';
import { uniswapV3 } from '@evenkeel/adapters/uniswap-v3';
import type { Address, Chain, DecimalString, Token, VenueAdapter } from '@evenkeel/core';
import type { WorldChain } from '@evenkeel/devnet';

/** One chain on which batches are settled: its venues, its settlement contract, and who may send to it. */
export interface BatchPlace {
  readonly chain: Chain;
  readonly base: Token;
  readonly quote: Token;
  readonly venues: readonly VenueAdapter[];
  readonly settlement: SettlementPlace;
  /** Takes what participants sell: the contract that they allow to. */
  readonly relayer: Address;
  /** Where all accounts are of one owner: the account of its own that can settle for them. */
  readonly owner?: OwnerPlace;
  /** Numeraire per native coin. Default: as the underlying. */
  readonly nativePrice?: DecimalString;
}

/** A chain of the local world, with its Uniswap V2 and V3 pools and its GPv2Settlement. */
export function placeOf(
  { contracts, id, name, rpcUrl, tokens }: WorldChain,
  solver: Address,
  owner?: OwnerPlace,
): BatchPlace {
  const chain = jsonRpcChain({ id, name, url: rpcUrl, multicall3: contracts.multicall3 });
  const { uniswapV2Factory, uniswapV2Router, uniswapV3Factory, uniswapV3SwapRouter02, uniswapV3TickLens } = contracts;
  return Object.freeze({
    chain,
    base: tokens.WETH,
    quote: tokens.USDC,
    venues: Object.freeze([
      uniswapV2({ chains: { [id]: { chain, factory: uniswapV2Factory, router: uniswapV2Router } } }),
      uniswapV3({
        chains: {
          [id]: { chain, factory: uniswapV3Factory, tickLens: uniswapV3TickLens, router: uniswapV3SwapRouter02 },
        },
      }),
    ]),
    settlement: Object.freeze({ chainId: id, settlement: contracts.cowSettlement, solver }),
    relayer: contracts.cowVaultRelayer,
    ...(owner === undefined ? {} : { owner }),
  });
}
