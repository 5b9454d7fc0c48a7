export { erc4626Holdings, type Erc4626HoldingsOptions, type HeldVault } from './erc4626.js';
