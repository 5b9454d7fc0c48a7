/**
 * Slices of an intent are counted from 0; from here on stand the programmes that its owner sends around orders given to
 * outside networks: approvals, cancellations. Whoever gave the order out resumes them, nobody else.
 */
export const ORDER_SLICES = 1_000_000;
