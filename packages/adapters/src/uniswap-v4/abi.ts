import { AbiCoder, Interface } from 'ethers';

/** StateView, Permit2, Universal Router and PositionManager, as far as they are used. */
export const stateViewAbi: Interface = new Interface([
  'function getSlot0(bytes32 poolId) view returns (uint160 sqrtPriceX96, int24 tick, uint24 protocolFee, uint24 lpFee)',
  'function getLiquidity(bytes32 poolId) view returns (uint128)',
  'function getTickBitmap(bytes32 poolId, int16 word) view returns (uint256)',
  'function getFeeGrowthInside(bytes32 poolId, int24 tickLower, int24 tickUpper) view returns (uint256, uint256)',
  'function getPositionInfo(bytes32 poolId, address owner, int24 tickLower, int24 tickUpper, bytes32 salt) view returns (uint128 liquidity, uint256 feeGrowthInside0LastX128, uint256 feeGrowthInside1LastX128)',
  'function getTickLiquidity(bytes32 poolId, int24 tick) view returns (uint128 liquidityGross, int128 liquidityNet)',
]);

export const positionManagerAbi: Interface = new Interface([
  'event Transfer(address indexed from, address indexed to, uint256 indexed id)',
  'function balanceOf(address) view returns (uint256)',
  'function ownerOf(uint256) view returns (address)',
  'function getPoolAndPositionInfo(uint256) view returns ((address currency0, address currency1, uint24 fee, int24 tickSpacing, address hooks), uint256 info)',
]);

export const permit2Abi: Interface = new Interface([
  'function approve(address token, address spender, uint160 amount, uint48 expiration)',
]);

export const universalRouterAbi: Interface = new Interface([
  'function execute(bytes commands, bytes[] inputs, uint256 deadline) payable',
]);

export const coder: AbiCoder = AbiCoder.defaultAbiCoder();

export const POOL_KEY_TYPE = '(address,address,uint24,int24,address)';
