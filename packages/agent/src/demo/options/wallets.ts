import type { Address, Token, TokenAmount } from '@evenkeel/core';
import { Contract } from 'ethers';
import { nativeOn } from './ledger.js';
import type { DerivativeChain, Markets } from './markets.js';

/** Every balance of an owner on all chains, native coins included. */
export async function walletsOf(
  { chains }: Markets,
  owner: Address,
  signal: AbortSignal,
): Promise<readonly TokenAmount[]> {
  const found = await Promise.all(
    chains.map(async (at) => {
      const [held, native] = await Promise.all([
        balancesOn(at, owner, Object.values(at.tokens), signal),
        at.chain.balanceWei(owner, signal),
      ]);
      return [...held, { token: nativeOn(at.chain.id), atoms: native }];
    }),
  );
  return found.flat();
}

/** Balances of some tokens of one chain, in their order. */
export async function balancesOn(
  { chain }: Pick<DerivativeChain, 'chain'>,
  owner: Address,
  tokens: readonly Token[],
  signal: AbortSignal,
): Promise<readonly TokenAmount[]> {
  const data = `0x70a08231${owner.slice(2).toLowerCase().padStart(64, '0')}` as const;
  const { results } = await chain.read(
    tokens.map(({ address }) => ({ to: address, data })),
    signal,
  );
  return tokens.map((token, index) => ({ token, atoms: BigInt(results[index]!.data) }));
}

const DATA_PROVIDER = [
  'function getReserveTokensAddresses(address asset) view returns (address aToken, address, address)',
];

/** The contracts that hold what is lent, by chain: what moves between them and a wallet is no trade. */
export async function lendersOf({ chains }: Markets): Promise<ReadonlyMap<number, readonly Address[]>> {
  const found = chains.map(async ({ chain, local, parts, tokens }) => {
    const provider = new Contract(parts.aaveV3.protocolDataProvider, DATA_PROVIDER, local.provider);
    const lender = async ({ address }: Token): Promise<Address> =>
      ((await provider.getFunction('getReserveTokensAddresses')(address)) as readonly [Address])[0];
    return [chain.id, await Promise.all([lender(tokens.WETH), lender(tokens.USDC)])] as const;
  });
  return new Map(await Promise.all(found));
}
