export { erc20Holdings, type Erc20HoldingsOptions, type HeldToken } from './erc20.js';
