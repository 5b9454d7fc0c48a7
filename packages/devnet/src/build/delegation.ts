import type { DelegationContracts } from '../parts.js';
import { ACCOUNTS } from './accounts.js';
import type { PartContext } from './parts.js';

const deployer = ACCOUNTS.deployer.address;
/** Operations of ERC-4337 have tests of their own: no entry point is obeyed here. */
const NO_ENTRY_POINT = `0x${'00'.repeat(20)}`;

/** The manager that redeems delegations, and an account that obeys it. */
export async function buildDelegation({ builder }: PartContext): Promise<DelegationContracts> {
  const manager = builder.deploy(deployer, 'DelegationManager', ['address'], [deployer]);
  await builder.flush();
  const addresses = [manager, NO_ENTRY_POINT];
  const statelessDelegator = builder.deploy(deployer, 'EIP7702StatelessDeleGator', ['address', 'address'], addresses);
  await builder.flush();
  return Object.freeze({ manager, statelessDelegator });
}
