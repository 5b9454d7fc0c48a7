import { getCreateAddress } from 'ethers';
import type { Address } from '../world.js';
import { ACCOUNTS } from './accounts.js';
import type { Builder } from './builder.js';

const deployer = ACCOUNTS.deployer.address;
const DAY_SECONDS = 86_400;

export interface CowBalancerContracts {
  readonly balancerVault: Address;
  readonly balancerWeightedPoolFactory: Address;
  readonly cowAuthenticator: Address;
  readonly cowSettlement: Address;
  readonly cowVaultRelayer: Address;
}

/** Balancer's Vault with weighted pools, and CoW's settlement on top of it with the world's `solver` allowed. */
export function deployCowAndBalancer(builder: Builder, weth: Address): CowBalancerContracts {
  const authorizer = builder.deploy(deployer, 'BalancerAuthorizer', ['address'], [deployer]);
  const balancerVault = builder.deploy(
    deployer,
    'BalancerVault',
    ['address', 'address', 'uint256', 'uint256'],
    [authorizer, weth, 90 * DAY_SECONDS, 30 * DAY_SECONDS],
  );
  const balancerWeightedPoolFactory = builder.deploy(
    deployer,
    'BalancerWeightedPoolFactory',
    ['address'],
    [balancerVault],
  );
  const cowAuthenticator = builder.deploy(deployer, 'GPv2AllowListAuthentication');
  builder.send(deployer, cowAuthenticator, 'initializeManager(address)', [deployer]);
  builder.send(deployer, cowAuthenticator, 'addSolver(address)', [ACCOUNTS.solver.address]);
  const parties = [cowAuthenticator, balancerVault];
  const cowSettlement = builder.deploy(deployer, 'GPv2Settlement', ['address', 'address'], parties);
  return {
    balancerVault,
    balancerWeightedPoolFactory,
    cowAuthenticator,
    cowSettlement,
    // The settlement creates its relayer in its constructor, as its first contract.
    cowVaultRelayer: getCreateAddress({ from: cowSettlement, nonce: 1 }) as Address,
  };
}
