// Simulation on pretended funds, for whoever has to try something that is not paid yet
export { GuardFundsUnpretendableError } from './errors.js';
export { pretendFunds } from './pretend-funds.js';
