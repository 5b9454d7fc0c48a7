export * from './delegation.js';
export * from './errors.js';
