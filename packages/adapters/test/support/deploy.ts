import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Address } from '@evenkeel/core';
import type { WorldChain } from '@evenkeel/devnet';
import { AbiCoder, concat } from 'ethers';

/** Deploys a contract of test/contracts, whose sources lie beside its bytecode, from an impersonated account. */
export async function deploy(
  local: WorldChain,
  from: Address,
  contract: string,
  types: readonly string[] = [],
  args: readonly unknown[] = [],
): Promise<Address> {
  const file = join(__dirname, '..', 'contracts', `${contract}.json`);
  const { bytecode } = JSON.parse(readFileSync(file, 'utf8')) as { bytecode: string };
  const data = concat([bytecode, AbiCoder.defaultAbiCoder().encode([...types], [...args])]);
  const hash = await local.rpc('eth_sendTransaction', [{ from, data, gas: '0x4c4b40', gasPrice: '0x174876e800' }]);
  const receipt = await local.provider.waitForTransaction(String(hash));
  if (receipt?.status !== 1 || receipt.contractAddress === null) throw new Error(`${contract} was not deployed`);
  return receipt.contractAddress as Address;
}
