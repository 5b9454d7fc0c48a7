export * from './errors.js';
export * from './intent.js';
