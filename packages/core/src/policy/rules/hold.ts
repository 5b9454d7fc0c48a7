import type { Rule } from './rule.js';

/** Never trades: the other end of every comparison. */
export const holdRule: Rule = () => ({ kind: 'never' });
