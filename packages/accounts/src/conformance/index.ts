export { accountConformance } from './account.js';
export { type AccountCheck, AccountNotConformingError } from './check.js';
export type { AccountSubject } from './subject.js';
