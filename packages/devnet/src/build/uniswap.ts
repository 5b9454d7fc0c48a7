import { concat } from 'ethers';
import type { Artifacts } from '../artifacts/fetch.js';
import type { Address } from '../world.js';
import { ACCOUNTS } from './accounts.js';
import type { Builder } from './builder.js';
import {
  CREATE2_DEPLOYER,
  MULTICALL3_ADDRESS,
  PERMIT2_ADDRESS,
  PERMIT2_SALT,
  V2_PAIR_INIT_CODE_HASH,
  V3_POOL_INIT_CODE_HASH,
  ZERO_ADDRESS,
} from './protocols.js';

const deployer = ACCOUNTS.deployer.address;

/** Gas that a V4 position's subscriber gets when it is told of its removal, as on Ethereum. */
const UNSUBSCRIBE_GAS_LIMIT = 300_000;

export interface SharedContracts {
  readonly multicall3: Address;
  readonly permit2: Address;
}

/** Permit2 and Multicall3, at the addresses that they have on every chain. */
export async function deployShared(builder: Builder, artifacts: Artifacts): Promise<SharedContracts> {
  const permit2Data = concat([PERMIT2_SALT, artifacts['Permit2'] ?? '0x']);
  builder.sendRaw(deployer, CREATE2_DEPLOYER, permit2Data, 'deployment of Permit2');
  const copy = builder.deploy(deployer, 'Multicall3');
  await builder.flush();
  const runtime = await builder.rpc.request('eth_getCode', [copy, 'latest']);
  await builder.rpc.request('anvil_setCode', [MULTICALL3_ADDRESS, runtime]);
  return { multicall3: MULTICALL3_ADDRESS, permit2: PERMIT2_ADDRESS };
}

export interface UniswapContracts {
  readonly uniswapV2Factory: Address;
  readonly uniswapV2Router: Address;
  readonly uniswapV3Factory: Address;
  readonly uniswapV3QuoterV2: Address;
  readonly uniswapV3SwapRouter02: Address;
  readonly uniswapV3PositionManager: Address;
  readonly uniswapV3TickLens: Address;
  readonly uniswapV4PoolManager: Address;
  readonly uniswapV4PositionManager: Address;
  readonly uniswapV4Quoter: Address;
  readonly uniswapV4StateView: Address;
}

/** Uniswap V2, V3 and V4. The position tokens have no picture: their descriptors are left out. */
export function deployUniswap(builder: Builder, weth: Address): UniswapContracts {
  const addresses = (count: number): string[] => Array.from({ length: count }, () => 'address');
  const deploy = (contract: string, ...args: readonly Address[]): Address =>
    builder.deploy(deployer, contract, addresses(args.length), args);
  const uniswapV2Factory = deploy('UniswapV2Factory', deployer);
  const uniswapV3Factory = deploy('UniswapV3Factory');
  // The lowest fee tier was switched on by governance on the public chains.
  builder.send(deployer, uniswapV3Factory, 'enableFeeAmount(uint24,int24)', [100, 1]);
  const uniswapV3PositionManager = deploy('NonfungiblePositionManager', uniswapV3Factory, weth, ZERO_ADDRESS);
  const uniswapV4PoolManager = deploy('PoolManager', deployer);
  return {
    uniswapV2Factory,
    uniswapV2Router: deploy('UniswapV2Router02', uniswapV2Factory, weth),
    uniswapV3Factory,
    uniswapV3PositionManager,
    uniswapV3QuoterV2: deploy('QuoterV2', uniswapV3Factory, weth),
    uniswapV3SwapRouter02: deploy('SwapRouter02', uniswapV2Factory, uniswapV3Factory, uniswapV3PositionManager, weth),
    uniswapV3TickLens: deploy('TickLens'),
    uniswapV4PoolManager,
    uniswapV4PositionManager: builder.deploy(
      deployer,
      'PositionManager',
      ['address', 'address', 'uint256', 'address', 'address'],
      [uniswapV4PoolManager, PERMIT2_ADDRESS, UNSUBSCRIBE_GAS_LIMIT, ZERO_ADDRESS, weth],
    ),
    uniswapV4Quoter: deploy('V4Quoter', uniswapV4PoolManager),
    uniswapV4StateView: deploy('StateView', uniswapV4PoolManager),
  };
}

/** The Universal Router, joined to V2, V3, V4, Permit2 and the Across spoke pool. */
export function deployUniversalRouter(
  builder: Builder,
  weth: Address,
  uniswap: UniswapContracts,
  acrossSpokePool: Address,
): Address {
  const type = `tuple(${['address', 'address', 'address', 'address', 'bytes32', 'bytes32', 'address', 'address', 'address', 'address'].join()})`;
  return builder.deploy(
    deployer,
    'UniversalRouter',
    [type],
    [
      [
        PERMIT2_ADDRESS,
        weth,
        uniswap.uniswapV2Factory,
        uniswap.uniswapV3Factory,
        V2_PAIR_INIT_CODE_HASH,
        V3_POOL_INIT_CODE_HASH,
        uniswap.uniswapV4PoolManager,
        uniswap.uniswapV3PositionManager,
        uniswap.uniswapV4PositionManager,
        acrossSpokePool,
      ],
    ],
  );
}

export interface UniswapXContracts {
  readonly uniswapXExclusiveDutchReactor: Address;
  readonly uniswapXV2DutchReactor: Address;
  readonly uniswapXPriorityReactor: Address;
  readonly uniswapXOrderQuoter: Address;
}

/** The reactors that settle signed UniswapX orders, and the quoter that validates them. */
export function deployUniswapX(builder: Builder): UniswapXContracts {
  const reactor = (contract: string): Address =>
    builder.deploy(deployer, contract, ['address', 'address'], [PERMIT2_ADDRESS, deployer]);
  return {
    uniswapXExclusiveDutchReactor: reactor('ExclusiveDutchOrderReactor'),
    uniswapXV2DutchReactor: reactor('V2DutchOrderReactor'),
    uniswapXPriorityReactor: reactor('PriorityOrderReactor'),
    uniswapXOrderQuoter: builder.deploy(deployer, 'OrderQuoter'),
  };
}
