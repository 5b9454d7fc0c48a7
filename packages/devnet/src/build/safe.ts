import type { SafeContracts } from '../parts.js';
import { ACCOUNTS } from './accounts.js';
import type { PartContext } from './parts.js';

const deployer = ACCOUNTS.deployer.address;

/** What Safes are made from; nobody has one yet. */
export async function buildSafe({ builder }: PartContext): Promise<SafeContracts> {
  const singleton = builder.deploy(deployer, 'Safe');
  const proxyFactory = builder.deploy(deployer, 'SafeProxyFactory');
  const multiSendCallOnly = builder.deploy(deployer, 'SafeMultiSendCallOnly');
  const fallbackHandler = builder.deploy(deployer, 'SafeFallbackHandler');
  await builder.flush();
  return Object.freeze({ singleton, proxyFactory, multiSendCallOnly, fallbackHandler });
}
