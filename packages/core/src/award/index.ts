export * from './award.js';
