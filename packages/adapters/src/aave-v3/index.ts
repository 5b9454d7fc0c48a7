export { aaveV3Account, type AaveAsset, type AaveV3AccountOptions } from './aave-v3.js';
