import { jsonRpcChain } from '@evenkeel/adapters/json-rpc';
import type { VenueSubject } from '@evenkeel/adapters/conformance';
import type { Clock } from '@evenkeel/core';
import type { World } from '@evenkeel/devnet';
import { balancerV2, type BalancerPool } from './balancer-v2.js';

/** The adapter on the first chain of a local world, with a sample in each direction. */
export function balancerSubject(world: World, clock: Clock): VenueSubject {
  const [local] = world.chains;
  if (local === undefined) throw new Error('the world has no chain');
  const { contracts, id, name, pools, rpcUrl, tokens } = local;
  const chain = jsonRpcChain({ id, name, url: rpcUrl, multicall3: contracts.multicall3 });
  const weighted = pools.flatMap((pool): BalancerPool[] =>
    pool.kind === 'balancer-weighted' ? [{ id: pool.id, tokens: [pool.token0, pool.token1] }] : [],
  );
  const chains = { [id]: { chain, vault: contracts.balancerVault, pools: weighted } };
  return {
    adapter: balancerV2({ chains, clock }),
    chains: { [id]: chain },
    account: world.accounts.trader.address,
    samples: [
      { tokenIn: tokens.USDC, tokenOut: tokens.WETH, amountIn: 1_000n * 10n ** 6n },
      { tokenIn: tokens.WETH, tokenOut: tokens.USDC, amountIn: 10n ** 18n },
    ],
  };
}
