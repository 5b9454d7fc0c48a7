import { Wallet, id } from 'ethers';
import { ACCOUNT_NAMES } from '../world.js';
import type { Address, Hex, TestAccount, WorldAccounts } from '../world.js';

/** The key of a role: keccak-256 of a sentence, so that it is the same everywhere and obviously worth nothing. */
export function testAccount(role: string): TestAccount {
  const privateKey = id(`evenkeel devnet: ${role}`) as Hex;
  return Object.freeze({ address: new Wallet(privateKey).address as Address, privateKey });
}

export const ACCOUNTS: WorldAccounts = Object.freeze(
  Object.fromEntries(ACCOUNT_NAMES.map((name) => [name, testAccount(name)])),
) as WorldAccounts;

/** Deploys and may mint the tokens of a chain. One a chain, so that the chains' token addresses differ. */
export function tokenIssuer(chainId: number): TestAccount {
  return testAccount(`token issuer of chain ${chainId}`);
}
