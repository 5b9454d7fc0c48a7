import { delegationTransaction, ownBatchCall, signDelegation } from '@evenkeel/accounts/eip7702';
import type { OwnerPlace } from '@evenkeel/adapters/batch';
import type { Address } from '@evenkeel/core';
import type { World, WorldChain } from '@evenkeel/devnet';
import type { Wallet } from 'ethers';

const NATIVE_WEI = 100n * 10n ** 18n;
const FEE_WEI = 10n ** 11n;

/**
 * Lets the owner's own key settle for all of its accounts: on every chain it delegates to an account that makes many calls
 * at once (EIP-7702), for good, as allowances are given for good.
 */
export async function ownerPlaces(world: World, owner: Wallet): Promise<ReadonlyMap<number, OwnerPlace>> {
  const places = world.chains.map(async (chain): Promise<readonly [number, OwnerPlace]> => {
    await world.fundNative(chain.id, owner.address as Address, NATIVE_WEI);
    await delegate(chain, owner);
    const account = owner.address as Address;
    const atomic: OwnerPlace['atomic'] = (calls) => ownBatchCall(chain.id, account, calls);
    return [chain.id, Object.freeze({ chainId: chain.id, account, sender: account, atomic })];
  });
  return new Map(await Promise.all(places));
}

async function delegate({ id, parts, provider }: WorldChain, owner: Wallet): Promise<void> {
  const { simple7702Account } = parts.erc4337!;
  const nonce = BigInt(await provider.getTransactionCount(owner.address));
  const delegation = await signDelegation(owner, { delegate: simple7702Account, chainId: id, nonce: nonce + 1n });
  const price = { maxFeePerGasWei: FEE_WEI, maxPriorityFeePerGasWei: 1n };
  const { raw } = await delegationTransaction(owner, { chainId: id, delegations: [delegation], nonce, ...price });
  await (await provider.broadcastTransaction(raw)).wait();
}
