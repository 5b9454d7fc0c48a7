import { Interface, Wallet } from 'ethers';
import type { Address } from '@evenkeel/core';
import type { World, WorldChain } from '@evenkeel/devnet';

const abi = new Interface([
  'function setup(address[] owners, uint256 threshold, address to, bytes data, address fallbackHandler, address paymentToken, uint256 payment, address paymentReceiver)',
  'function createProxyWithNonce(address singleton, bytes initializer, uint256 saltNonce) returns (address proxy)',
]);
const NOBODY = `0x${'00'.repeat(20)}`;
let salt = 0n;

/** A Safe of its own factory, with these owners. */
export async function newSafe(
  world: World,
  { parts, provider }: WorldChain,
  owners: readonly string[],
  threshold: number,
): Promise<Address> {
  const { fallbackHandler, proxyFactory, singleton } = parts.safe!;
  const setup = [owners, threshold, NOBODY, '0x', fallbackHandler, NOBODY, 0n, NOBODY];
  const create = [singleton, abi.encodeFunctionData('setup', setup), salt++];
  const data = abi.encodeFunctionData('createProxyWithNonce', create);
  const deployer = new Wallet(world.accounts.deployer.privateKey, provider);
  const transaction = { to: proxyFactory, data };
  const [safe] = abi.decodeFunctionResult('createProxyWithNonce', await deployer.call(transaction));
  await (await deployer.sendTransaction(transaction)).wait();
  return safe as Address;
}
